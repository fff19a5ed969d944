from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.fhir.specialists import NOBODY, REPORTS_TO, TRACK_RECORD, TURNAROUND, specialist
from server.model import Absence, Renown
from tests.fhir.shelf import Shelf
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
    return specialist({**ROLE, **more}, shelf.read)


def test_an_entry_of_the_directory() -> None:
    found = one()
    assert (found.role, found.practitioner, found.organisation) == (
        "PractitionerRole/r",
        "Practitioner/a",
        "Organization/o",
    )
    assert (found.name, found.active) == ("Ada Quill", True)
    assert [each.code for each in found.specialties] == [SPECIALTY.code]
    assert (found.absences, found.turnaround) == ((), None)


def test_an_entry_that_says_nothing_is_still_weighed() -> None:
    found = specialist({"resourceType": "PractitionerRole", "id": "x"}, Shelf().read)
    assert (found.practitioner, found.organisation, found.name, found.active) == ("", "", "", True)
    assert (found.qualifications, found.languages, found.line_known, found.renown) == (
        (),
        frozenset(),
        False,
        {},
    )


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


def spoken(*codes: str) -> list[dict[str, Any]]:
    return [{"coding": [{"system": "urn:ietf:bcp:47", "code": each}]} for each in codes]


def test_languages_of_the_person_and_of_the_service() -> None:
    service = {"resourceType": "HealthcareService", "id": "s", "communication": spoken("it", "rm")}
    found = one(
        {**PERSON, "communication": [*spoken("de", "fr-CH"), {"text": "Latin"}]},
        [service],
        healthcareService=[{"reference": "HealthcareService/s"}, {"reference": "HealthcareService/gone"}],
    )
    assert found.languages == {"de", "fr-ch"}
    assert found.service_languages == {"it", "rm"}


@pytest.mark.parametrize(
    ("told", "superiors", "known"),
    [
        ([], set(), False),
        ([{"valueCode": NOBODY}], set(), True),
        ([{"valueCode": "other"}], set(), False),
        ([{"valueReference": {"reference": "Practitioner/b"}}], {"Practitioner/b", "urn:npi|2"}, True),
        (
            [
                {"valueReference": {"reference": "Practitioner/b"}},
                {"valueReference": {"reference": "PractitionerRole/q"}},
            ],
            {"Practitioner/b", "urn:npi|2", "PractitionerRole/q"},
            True,
        ),
    ],
)
def test_to_whom_they_report(told: list[dict[str, Any]], superiors: set[str], *, known: bool) -> None:
    above = {"resourceType": "Practitioner", "id": "b", "identifier": [{"system": "urn:npi", "value": "2"}]}
    found = one(others=[above], extension=[{"url": REPORTS_TO, **each} for each in told])
    assert (found.superiors, found.line_known) == (superiors, known)


def record(**parts: Any) -> dict[str, Any]:
    values = {name: "valueCode" if name == "question" else "valueUnsignedInt" for name in parts}
    parts_ = [{"url": name.replace("_", "-"), values[name]: value} for name, value in parts.items()]
    return {"url": TRACK_RECORD, "extension": parts_}


@pytest.mark.parametrize(
    ("parts", "known"),
    [
        ({"question": "q", "per_year": 40, "adjudicated": 20, "right": 18}, {"q": Renown(40, 18, 20)}),
        ({"question": "q", "per_year": 40}, {"q": Renown(40, 0, 0)}),
        ({"question": "q", "right": 18}, {"q": Renown(0, 0, 0)}),
        ({"per_year": 40}, {"": Renown(40, 0, 0)}),
    ],
)
def test_what_is_known_of_their_work(parts: dict[str, Any], known: dict[str, Renown]) -> None:
    assert one(extension=[record(**parts)]).renown == known
