"""Which Consents keep a model from reading: rows of a table."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.fhir.consent import REASON, refused
from server.ports import Stored

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def purpose(*codes: str) -> list[dict[str, str]]:
    return [{"system": REASON, "code": code} for code in codes]


def deny(*codes: str, **more: Any) -> dict[str, Any]:
    return {"type": "deny", **({"purpose": purpose(*codes)} if codes else {}), **more}


def permit(*codes: str, **more: Any) -> dict[str, Any]:
    return deny(*codes, **more) | {"type": "permit"}


def consent(provision: Any, number: int = 1, **more: Any) -> Stored:
    body = {
        "resourceType": "Consent",
        "id": f"c{number}",
        "status": "active",
        "dateTime": f"2026-01-{number:02}",
        **({"provision": provision} if provision is not None else {}),
        **more,
    }
    return Stored("Consent", f"c{number}", 1, NOW, json.dumps(body).encode())


LAST_YEAR = {"start": "2025-01-01", "end": "2025-12-31"}
THIS_YEAR = {"start": "2026", "end": "2026"}
DOCTOR = [{"role": {"coding": [{"code": "IRCP"}]}, "reference": {"reference": "Practitioner/1"}}]


@pytest.mark.parametrize(
    ("provision", "bars"),
    [
        (None, False),
        ({"purpose": purpose("TREATDS")}, False),
        (deny("TREATDS"), True),
        (deny("TREATDS", "MLTRAINING"), True),
        (deny("TREAT"), True),
        (deny(), True),
        (deny("MLTRAINING"), False),
        (deny("HPAYMT"), False),
        (permit("TREAT"), False),
        (permit("TREATDS"), False),
        (permit("TREAT", provision=[deny("TREATDS")]), True),
        (permit(provision=[deny("MLTRAINING")]), False),
        (deny(provision=[permit("TREATDS")]), False),
        (deny("TREATDS", provision=[permit("MLTRAINING")]), True),
        (permit("TREAT", provision=[deny("TREATDS"), permit("TREATDS")]), True),
        (permit("TREAT", provision=[permit("TREAT", provision=[deny("TREATDS")])]), True),
        (deny("TREATDS", period=THIS_YEAR), True),
        (deny("TREATDS", period=LAST_YEAR), False),
        (deny("TREATDS", period={"start": "2027"}), False),
        (permit("TREAT", provision=[deny("TREATDS", period=LAST_YEAR)]), False),
        (deny("TREATDS", actor=DOCTOR), True),
        (deny("TREATDS", provision=[permit("TREATDS", actor=DOCTOR)]), True),
    ],
)
def test_what_a_provision_comes_to(provision: Any, *, bars: bool) -> None:
    assert (refused([consent(provision)], NOW) is not None) is bars


@pytest.mark.parametrize("status", ["draft", "proposed", "rejected", "inactive", "entered-in-error"])
def test_only_an_active_one_counts(status: str) -> None:
    assert refused([consent(deny("TREATDS"), status=status)], NOW) is None


def test_the_newest_that_says_anything_about_it_decides() -> None:
    old, new, other = consent(deny("TREATDS"), 1), consent(permit("TREAT"), 2), consent(deny("MLTRAINING"), 3)
    assert refused([old, new, other], NOW) is None
    found = refused([consent(permit("TREAT"), 1), consent(deny("TREATDS"), 2), other], NOW)
    assert found is not None
    assert str(found.consent) == "Consent/c2"


def test_of_two_of_one_day_the_later_one_here_decides() -> None:
    first, second = consent(deny("TREATDS"), 1), consent(permit("TREAT"), 1)
    later = Stored("Consent", "c9", 1, NOW + timedelta(seconds=1), second.body)
    assert refused([first, later], NOW) is None


def test_one_that_cannot_be_read_bars() -> None:
    assert refused([Stored("Consent", "c1", 1, NOW, b"{")], NOW) is not None


def test_without_any_nothing_is_refused() -> None:
    assert refused([], NOW) is None
