from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.fhir.specialists import TURNAROUND, specialists
from server.model import Absence
from tests.fhir.shelf import Shelf, stored
from tests.world import SPECIALTY, coded

PERSON = {"resourceType": "Practitioner", "id": "a", "name": [{"given": ["Ada"], "family": "Quill"}]}
ROLE = {
    "resourceType": "PractitionerRole",
    "id": "r",
    "practitioner": {"reference": "Practitioner/a"},
    "organization": {"reference": "Organization/o"},
    "specialty": [coded(SPECIALTY), {"text": "words"}],
}


def one(person: dict[str, Any] | None = None, others: Sequence[dict[str, Any]] = (), **more: Any):
    shelf = Shelf(person or PERSON, *others)
    [found] = specialists([stored({**ROLE, **more})], shelf.read, {"PractitionerRole/r": 2})
    return found


def test_an_entry_of_the_directory() -> None:
    found = one()
    assert (found.role, found.practitioner, found.organisation) == (
        "PractitionerRole/r",
        "Practitioner/a",
        "Organization/o",
    )
    assert (found.name, found.active, found.open_offers) == ("Ada Quill", True, 2)
    assert [each.code for each in found.specialties] == [SPECIALTY.code]
    assert (found.absences, found.turnaround) == ((), None)


def test_an_entry_that_says_nothing_is_still_weighed() -> None:
    [found] = specialists([stored({"resourceType": "PractitionerRole", "id": "x"})], Shelf().read, {})
    assert (found.practitioner, found.organisation, found.name, found.active) == ("", "", "", True)
    assert found.open_offers == 0


@pytest.mark.parametrize(
    ("role", "person", "active"),
    [(None, None, True), (False, None, False), (True, False, False), (True, True, True)],
)
def test_both_the_role_and_the_person_must_be_active(role: Any, person: Any, *, active: bool) -> None:
    of_person = PERSON if person is None else {**PERSON, "active": person}
    assert one(of_person, **({} if role is None else {"active": role})).active is active


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ([{"text": "Dr Ada Quill", "family": "Other"}], "Dr Ada Quill"),
        ([{"family": "Quill"}], "Quill"),
        ([{"given": ["Ada", "B"], "family": "Quill"}], "Ada B Quill"),
        ([{"use": "old"}, {"family": "Quill"}], "Quill"),
        ([{"use": "old"}], ""),
    ],
)
def test_names(name: list[dict[str, Any]], shown: str) -> None:
    assert one({**PERSON, "name": name}).name == shown


@pytest.mark.parametrize(
    ("during", "start", "end"),
    [
        (
            {"start": "2026-01-05", "end": "2026-01-06"},
            datetime(2026, 1, 5, tzinfo=UTC),
            datetime(2026, 1, 7, tzinfo=UTC),
        ),
        (
            {"start": "2026-01-05T08:00:00Z", "end": "2026-01-06T12:00:00Z"},
            datetime(2026, 1, 5, 8, tzinfo=UTC),
            datetime(2026, 1, 6, 12, tzinfo=UTC),
        ),
        ({"start": "2026-01-05T08:00:00+01:00"}, datetime(2026, 1, 5, 7, tzinfo=UTC), None),
        ({"end": "2026-01"}, None, datetime(2026, 2, 1, tzinfo=UTC)),
        (None, None, None),
    ],
)
def test_absences(during: Any, start: datetime | None, end: datetime | None) -> None:
    away = {"description": "leave", **({"during": during} if during else {})}
    assert one(notAvailable=[away]).absences == (Absence(start, end),)


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        (None, None, None),
        (
            {"start": "2026-01-05", "end": "2026-01-06"},
            datetime(2026, 1, 5, tzinfo=UTC),
            datetime(2026, 1, 7, tzinfo=UTC),
        ),
        ({"end": "2025-12-31T22:00:00+01:00"}, None, datetime(2025, 12, 31, 21, tzinfo=UTC)),
        ({"start": "2027"}, datetime(2027, 1, 1, tzinfo=UTC), None),
        ({"end": "2026"}, None, datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_time_in_a_role_includes_the_whole_of_its_last_day(
    period: Any, since: datetime | None, until: datetime | None
) -> None:
    found = one(**({"period": period} if period else {}))
    assert (found.since, found.until) == (since, until)


@pytest.mark.parametrize(
    ("organisation", "open_"),
    [
        ({}, True),
        ({"active": True}, True),
        ({"active": False}, False),
        ({"id": "elsewhere", "active": False}, True),
    ],
)
def test_an_organisation_that_is_closed(organisation: dict[str, Any], *, open_: bool) -> None:
    found = one(others=[{"resourceType": "Organization", "id": "o", "name": "X", **organisation}])
    assert (found.active, found.organisation_active) == (True, open_)


@pytest.mark.parametrize(
    ("duration", "turnaround"),
    [
        ({"value": 2, "code": "h"}, timedelta(hours=2)),
        ({"value": 90, "code": "min"}, timedelta(minutes=90)),
        ({"value": 1.5, "code": "d"}, timedelta(hours=36)),
        ({"value": 2, "code": "fortnight"}, None),
        ({"code": "h"}, None),
        ({"value": -2, "code": "h"}, None),
        ({"value": 0, "code": "h"}, None),
        ({"value": 1e300, "code": "h"}, None),
        ({"value": 1e308, "code": "d"}, None),
    ],
)
def test_turnaround(duration: dict[str, Any], turnaround: timedelta | None) -> None:
    assert (
        one(
            extension=[{"url": "https://x.example/y"}, {"url": TURNAROUND, "valueDuration": duration}]
        ).turnaround
        == turnaround
    )
