"""Periods that end before they begin."""

from __future__ import annotations

from typing import Any

import pytest

from server.hl7v2.mapping.spans import straighten
from tests.hl7v2.mapping.telling import PID, resource, told


@pytest.mark.parametrize(
    ("start", "end", "stays"),
    [
        ("2020", "2020", True),
        ("2020-05", "2020", True),
        ("2020-02", "2020-02-01", True),
        ("2020-02-02", "2020-02-01", False),
        ("2021", "2020-12", False),
        ("2020-02-01T10:00:00+02:00", "2020-02-01T09:00:00+00:00", True),
        ("2020-02-01T10:00:00+01:00", "2020-02-01T08:59:59+00:00", False),
        ("2020-02-01T10:00:00+01:00", "2020-02-01", True),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60-12:00", True),
    ],
)
def test_an_end_before_its_start_goes(start: str, end: str, stays: bool) -> None:
    held: dict[str, Any] = {"a": [{"period": {"start": start, "end": end}}]}
    assert straighten(held) is not stays
    assert ("end" in held["a"][0]["period"]) is stays


def test_it_is_said() -> None:
    found = told(f"{PID}\nOBR|1||F1|C^N^LN|||20260102|20260101")
    assert resource(found, "DiagnosticReport")["effectivePeriod"] == {"start": "2026-01-02"}
    assert "end before its start, left out DiagnosticReport" in found.notes
