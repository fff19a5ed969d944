"""One table of what is taken: the first syntax proposed that we take; an unknown class costs its context."""

from __future__ import annotations

import time

import pynetdicom.sop_class
import pytest
from pydicom.uid import AllTransferSyntaxes

from server.dicom.upper.negotiation import STORAGE_CLASSES, SYNTAXES, choose
from server.dicom.upper.request import Proposed
from tests.dicom import wire

CT, ECHO = wire.CT.decode(), wire.VERIFICATION.decode()
IMPLICIT, EXPLICIT, RLE = wire.IMPLICIT.decode(), wire.EXPLICIT.decode(), wire.RLE.decode()


@pytest.mark.parametrize(
    ("sop_class", "syntaxes", "result", "chosen"),
    [
        (CT, (RLE, EXPLICIT, IMPLICIT), 0, RLE),
        (CT, (EXPLICIT, RLE), 0, EXPLICIT),
        (CT, ("1.2.3", IMPLICIT), 0, IMPLICIT),
        (CT, (wire.BIG_ENDIAN.decode(),), 4, ""),
        (CT, (wire.DEFLATED.decode(),), 4, ""),
        (CT, ("1.2.840.10008.1.2.4.100",), 4, ""),
        (ECHO, (IMPLICIT,), 0, IMPLICIT),
        (ECHO, (RLE,), 4, ""),
        ("1.2.3.4", (IMPLICIT,), 3, ""),
        ("1.2.840.10008.1.3.10", (IMPLICIT,), 3, ""),
        ("1.2.840.10008.5.1.4.39.2", (IMPLICIT,), 3, ""),
        ("1.2.840.10008.5.1.4.1.2.2.1", (RLE, IMPLICIT), 0, IMPLICIT),
    ],
    ids=["as-proposed", "first", "unknown-first", "D-021-big", "D-021-deflated", "D-021-video", "echo",
         "echo-compressed", "D-020", "D-111-dicomdir", "D-041-other-find", "find"],
)  # fmt: skip
def test_a_context_is_answered(sop_class: str, syntaxes: tuple[str, ...], result: int, chosen: str) -> None:
    (answer,) = choose([Proposed(1, sop_class, syntaxes)])
    assert (answer.id, answer.result, answer.syntax) == (1, result, chosen)


def test_a_title_may_take_less() -> None:
    other = "1.2.840.10008.5.1.4.1.1.1"
    answers = choose([Proposed(1, CT, (IMPLICIT,)), Proposed(3, other, (IMPLICIT,))], {CT})
    assert [each.result for each in answers] == [0, 3]


def test_d019_all_that_can_be_proposed_is_answered_at_once() -> None:
    syntaxes = (*(f"1.2.3.{number}" for number in range(19)), IMPLICIT)
    began = time.monotonic()
    answers = choose(Proposed(2 * number + 1, CT, syntaxes) for number in range(128))
    assert [each.syntax for each in answers] == [IMPLICIT] * 128
    assert time.monotonic() - began < 0.5


def test_every_class_and_syntax_of_the_table_exists() -> None:
    known = {str(uid) for uid in vars(pynetdicom.sop_class).values() if isinstance(uid, str)}
    assert {each for each in STORAGE_CLASSES if each not in known} <= {"1.2.840.10008.5.1.4.1.1.66.7"}
    assert {str(each) for each in AllTransferSyntaxes} >= {each for each in SYNTAXES if ".4.11" not in each}
