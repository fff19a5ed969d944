"""What is no object is parked before anything is dialled, whatever the library makes of it."""

from __future__ import annotations

from dataclasses import replace
from struct import pack

import pytest

from server.dicom.send.outgoing import outgoing
from server.errors import Category
from server.ports import Undelivered
from tests.dicom.send.objects import document, part10

FILE = part10()
STUDY = FILE.index(pack("<HH", 0x0020, 0x000D))
DEEP = 5_000
NESTED = (
    pack("<HH2sHI", 0x0008, 0x1115, b"SQ", 0, 0xFFFFFFFF) + pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
) * DEEP
CLOSED = (pack("<HHI", 0xFFFE, 0xE00D, 0) + pack("<HHI", 0xFFFE, 0xE0DD, 0)) * DEEP


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no object",
        FILE[:200],
        FILE[: STUDY + 6],
        FILE[:STUDY] + NESTED + CLOSED + FILE[STUDY:],
    ],
    ids=["nothing", "text", "no data set", "cut short", "nested beyond measure"],
)
def test_what_cannot_be_read_is_not_sent(content: bytes) -> None:
    with pytest.raises(Undelivered, match="cannot be sent") as no:
        outgoing(replace(document(), content=content))
    assert (no.value.category, no.value.untouched) == (Category.UNPROCESSABLE, True)
