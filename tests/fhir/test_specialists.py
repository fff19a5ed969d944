from __future__ import annotations

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


def one(person: dict[str, Any] | None = None, **more: Any):
    shelf = Shelf(person or PERSON)
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
            datetime(2026, 1, 6, tzinfo=UTC),
        ),
        ({"start": "2026-01-05T08:00:00+01:00"}, datetime(2026, 1, 5, 7, tzinfo=UTC), None),
        ({"end": "2026-01"}, None, None),
        (None, None, None),
    ],
)
def test_absences(during: Any, start: datetime | None, end: datetime | None) -> None:
    away = {"description": "leave", **({"during": during} if during else {})}
    assert one(notAvailable=[away]).absences == (Absence(start, end),)


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
