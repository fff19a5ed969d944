"""Every row of the catalogues of bad input has a test, or a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.catalogue import Catalogue, exists
from tests.dicom.catalogue import D
from tests.hl7v2.catalogue import H

BOTH = pytest.mark.parametrize("rows", [D, H], ids=["D", "H"])


@BOTH
def test_no_row_is_open(rows: Catalogue) -> None:
    assert rows.missing() == []
    assert rows.told().startswith(f"{rows.count} rows: ")


@pytest.mark.parametrize("test", sorted({*D.answered.values(), *H.answered.values()}))
def test_the_named_test_is_there(test: str) -> None:
    assert exists(test)


@BOTH
def test_the_tables_name_rows_only(rows: Catalogue) -> None:
    assert set(rows.rows) >= rows.answered.keys() | rows.does_not_apply.keys() | rows.differs.keys()
    assert rows.marked().keys() | rows.answered.keys() >= rows.differs.keys(), "what differs has a test"
    assert not exists("tests/test_catalogue.py::test_that_is_not_there")


@BOTH
def test_a_row_that_nobody_answers_is_told(rows: Catalogue) -> None:
    more = replace(rows, count=999)
    assert f"{rows.letter}-999" in more.missing()
    assert f"{rows.letter}-999 is open" in more.told()
