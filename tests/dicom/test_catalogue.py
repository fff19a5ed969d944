"""Every row of the catalogue has a test, or a reason."""

from __future__ import annotations

import pytest

from tests.dicom import catalogue
from tests.dicom.catalogue import ANSWERED, DIFFERS, DOES_NOT_APPLY, ROWS, exists, marked, missing, told


def test_no_row_is_open() -> None:
    assert missing() == []
    assert told().startswith("133 rows: ")


@pytest.mark.parametrize("row", sorted(ANSWERED))
def test_the_named_test_is_there(row: str) -> None:
    assert exists(ANSWERED[row])


def test_the_tables_name_rows_only() -> None:
    assert set(ROWS) >= ANSWERED.keys() | DOES_NOT_APPLY.keys() | DIFFERS.keys()
    assert marked().keys() >= DIFFERS.keys(), "what differs has a test"
    assert not exists("tests/dicom/test_catalogue.py::test_that_is_not_there")


def test_a_row_that_nobody_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "ROWS", (*ROWS, f"D-{999}"))
    assert missing() == [f"D-{999}"]
