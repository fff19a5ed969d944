from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from server.model import Absence
from server.routing import cells

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("cell", "value"), [("true", True), ("false", False)])
def test_truth(cell, value):
    assert cells.truth(cell) is value


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("394807007", ["394807007"]),
        ("394807007;394591006", ["394807007", "394591006"]),
        (" 394807007 ; 394591006 ", ["394807007", "394591006"]),
        ("394807007;394807007", ["394807007"]),
        ("123456", ["123456"]),
        ("9" * 18, ["9" * 18]),
    ],
)
def test_specialties(cell, codes):
    assert [each.code for each in cells.specialties(cell)] == codes
    assert {each.system for each in cells.specialties(cell)} == {"http://snomed.info/sct"}


@pytest.mark.parametrize(
    ("cell", "hours"), [("", None), ("1", 1), ("0.25", 0.25), ("1e1", 10), ("8760", 8760)]
)
def test_turnaround(cell, hours):
    assert cells.turnaround(cell) == (None if hours is None else timedelta(hours=hours))


@pytest.mark.parametrize(
    ("cell", "periods"),
    [
        ("", ()),
        ("2026-01-01T00:00Z/", (Absence(NEW_YEAR, None),)),
        ("/2026-01-01T00:00Z", (Absence(None, NEW_YEAR),)),
        ("2026-01-01T02:00+02:00/2026-01-02T00:00Z", (Absence(NEW_YEAR, NEW_YEAR + timedelta(days=1)),)),
        ("2026-01-01T00:00Z/;/2026-01-01T00:00Z", (Absence(NEW_YEAR, None), Absence(None, NEW_YEAR))),
    ],
)
def test_absences(cell, periods):
    assert cells.absences(cell) == periods


@pytest.mark.parametrize(
    ("read", "cell"),
    [
        (cells.truth, "True"),
        (cells.specialties, "1"),
        (cells.specialties, "0" * 9),
        (cells.specialties, "1" * 19),
        (cells.turnaround, "soon"),
        (cells.turnaround, "nan"),
        (cells.turnaround, "0"),
        (cells.turnaround, "8760.1"),
        (cells.absences, "/"),
        (cells.absences, ";"),
        (cells.absences, "2026-01-01T00:00/"),
        (cells.absences, "2026-01-01T00:00Z/2026-01-01T00:00Z"),
    ],
)
def test_what_is_not_allowed(read, cell):
    with pytest.raises(ValueError):
        read(cell)
