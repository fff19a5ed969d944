"""Every row about access is shown where the table says, or the table says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.badinput.access_rows import NOT_YET, OURS, SHOWN

ROOT = Path(__file__).parents[2]
_LAST_ROW = 64
"""After these the catalogue goes on with DICOM and MLLP identities."""


def test_no_row_is_forgotten() -> None:
    known = SHOWN.keys() | NOT_YET.keys()
    assert [n for n in range(1, _LAST_ROW + 1) if f"A-{n:03}" not in known] == []
    assert not SHOWN.keys() & NOT_YET.keys()
    assert OURS.keys() <= SHOWN.keys()


@pytest.mark.parametrize(("row", "place"), SHOWN.items())
def test_a_row_is_where_the_table_says(row: str, place: str) -> None:
    assert row in (ROOT / place).read_text()
