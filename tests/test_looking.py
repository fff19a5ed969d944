"""Who was shown an opinion, from the record of accesses: what cannot be known is told as that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from server.accesses import Access, Doing, Outcome
from server.caller import Caller
from server.errors import Category, fault
from server.fhir.audit.events import events
from server.looking import Looks
from server.model import Looked
from server.ports import Stored

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SEALED = AT + timedelta(hours=1)
OPINION, PATIENT = "DiagnosticReport/r", "Patient/p"
QUILL = frozenset({"PractitionerRole/quill"})
READ = Access(str(uuid4()), AT, Doing.READ, "Quill's desk", "quill", what=(f"{OPINION}/_history/2",))
SEARCH = replace(READ, doing=Doing.SEARCH, query="GET /fhir/DiagnosticReport?subject=p")


@dataclass
class Clerk:
    failure: Category | None = None

    def catch_up(self) -> None:
        if self.failure is not None:
            raise fault(self.failure, "throttled", "there are too many")


@dataclass
class Shelf:
    accesses: list[Access] = field(default_factory=list)

    def find(self, query: Any, limit: int) -> list[Stored]:
        del query
        made = [event for each in self.accesses for event in events(each, [PATIENT], "http://here/fhir")]
        return [Stored("AuditEvent", each["id"], 1, AT, msgspec.json.encode(each)) for each in made][:limit]


def client(id_: str) -> Caller | None:
    speaks_for = {"quill": QUILL, "anybody": frozenset[str]()}.get(id_)
    return None if speaks_for is None else Caller(id_, id_, (), speaks_for=speaks_for)


def looked(*accesses: Access, failure: Category | None = None) -> list[Looked] | None:
    looks = Looks(Clerk(failure), Shelf(list(accesses)), client)  # type: ignore[arg-type]
    return looks(dict.fromkeys([OPINION]), PATIENT, SEALED)


@pytest.mark.parametrize("doing", [Doing.READ, Doing.VREAD, Doing.HISTORY, Doing.ASK, Doing.NOTIFICATION])
def test_whoever_was_shown_it_by_its_address_has_seen_it(doing: Doing) -> None:
    assert looked(replace(READ, doing=doing)) == [Looked(QUILL)]


@pytest.mark.parametrize("doing", [Doing.CREATE, Doing.UPDATE, Doing.PATCH])
def test_whoever_brings_one_has_it_and_a_writer_who_is_not_told_apart_says_nothing(doing: Doing) -> None:
    assert looked(replace(READ, doing=doing)) == [Looked(QUILL)]
    assert looked(replace(READ, doing=doing, client="anybody")) == []


@pytest.mark.parametrize(
    "access",
    [
        replace(READ, outcome=Outcome.SERIOUS),
        replace(READ, what=("DiagnosticReport/other/_history/1",)),
        replace(READ, doing=Doing.INFERENCE),
        replace(READ, doing=Doing.EXPORT),
        replace(READ, doing=Doing.DECISION),
        replace(SEARCH, at=SEALED),
        replace(SEARCH, outcome=Outcome.MINOR),
        replace(SEARCH, query="GET /fhir/Task?patient=p"),
        replace(SEARCH, query="GET /fhir/Patient/p/_history"),
    ],
)
def test_what_shows_no_opinion_counts_for_nothing(access: Access) -> None:
    assert looked(access) == []


@pytest.mark.parametrize(
    "query",
    [
        "GET /fhir/DiagnosticReport?subject=p",
        "POST /fhir/Observation/_search\nsubject=p",
        "GET /fhir/Patient/p/$everything",
        "GET /fhir/Task?patient=p&_include=*",
        "GET /fhir/?_type=Patient",
        "GET /fhir/_history",
    ],
)
def test_a_search_that_may_have_shown_one_is_told_as_that(query: str) -> None:
    assert looked(replace(SEARCH, query=query)) == [Looked(QUILL, found=False)]


def test_a_search_of_a_whole_compartment_may_have_shown_one() -> None:
    assert looked(replace(SEARCH, query="GET /fhir/Patient/p/*")) == [Looked(QUILL, found=False)]


def test_who_is_not_registered_any_more_or_not_told_apart_speaks_for_nobody() -> None:
    assert looked(replace(READ, client="gone")) == [Looked(frozenset())]
    assert looked(replace(READ, client="")) == [Looked(frozenset())]


def test_many_reads_of_one_system_are_one() -> None:
    assert looked(READ, replace(READ, id=str(uuid4())), SEARCH) == [Looked(QUILL, found=False), Looked(QUILL)]


def test_what_cannot_be_read_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(READ, failure=Category.UNAVAILABLE) is None
    monkeypatch.setattr("server.looking._MOST", 1)
    assert looked(READ, SEARCH) is None
