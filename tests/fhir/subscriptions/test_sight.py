"""The one predicate: under all rights, the newest version too, and nothing under seal."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from server.caller import EVERYBODY, Caller, scopes_of
from server.fhir.access import Rights
from server.fhir.subscriptions.sight import rights_of, told
from server.notices import Occurrence, Subscriber
from tests.fhir.shelf import AT, NoSeals, Shelf

BASE = "http://127.0.0.1:8080/fhir"
REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "status": "final",
    "code": {"text": "x"},
    "identifier": [{"system": "x", "value": "1"}],
}
EVENT = Occurrence(1, AT, "DiagnosticReport", "r", 1)


class Sealed:
    def under_seal(self, reports: Collection[str], answering: Collection[str] = ()) -> frozenset[str]:
        del answering
        return frozenset(reports)


def rights(*scopes: str) -> tuple[Rights, ...]:
    return tuple(Rights(Caller("c", "c", scopes_of(each)), BASE) for each in scopes)


ALL = "system/DiagnosticReport.r"
MINE = "system/DiagnosticReport.r?identifier=x|1"
OTHERS = "system/DiagnosticReport.r?identifier=x|2"


@pytest.mark.parametrize(
    ("scopes", "seen"),
    [
        ((ALL,), True),
        ((MINE,), True),
        ((ALL, MINE), True),
        ((OTHERS,), False),
        ((ALL, OTHERS), False),
        ((OTHERS, ALL), False),
        (("system/Task.r",), False),
        (("system/DiagnosticReport.s",), False),
        ((), False),
    ],
)
def test_under_all_rights(scopes: tuple[str, ...], seen: bool) -> None:
    assert (told(Shelf(REPORT), NoSeals(), rights(*scopes), EVENT) is not None) is seen


def test_nothing_under_seal() -> None:
    everybody = (Rights(EVERYBODY, BASE),)
    assert told(Shelf(REPORT), NoSeals(), everybody, EVENT) is not None
    assert told(Shelf(REPORT), Sealed(), everybody, EVENT) is None


def test_the_newest_version_must_be_in_sight_too() -> None:
    shelf = Shelf(REPORT)
    shelf.put({**REPORT, "identifier": [{"system": "x", "value": "2"}]})
    assert told(shelf, NoSeals(), rights(MINE), EVENT) is None
    assert told(shelf, NoSeals(), rights(ALL), EVENT) is not None


def test_what_has_been_deleted_since_is_told_as_it_was() -> None:
    shelf = Shelf(REPORT)
    shelf.delete("DiagnosticReport", "r")
    seen = told(shelf, NoSeals(), rights(MINE), EVENT)
    assert seen is not None
    assert seen.version == 1
    assert told(shelf, NoSeals(), rights(OTHERS), EVENT) is None


def test_whose_owner_is_gone_has_no_rights() -> None:
    subscriber = Subscriber("s", "c", "system/*.r", "opinion-released")
    assert rights_of(subscriber, lambda _: None, BASE) == ()
    both = rights_of(subscriber, lambda _: Caller("c", "c", scopes_of(ALL)), BASE)
    assert [str(each.caller.scopes[0]) for each in both] == [ALL, "system/*.r"]
