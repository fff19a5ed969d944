"""Taking in: one request, one commit, and who is woken by it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import psycopg
import pysqlite3
import pytest
from sqlalchemy import func, select, update

from server.case import START, State
from server.ports import Absent, Intake, Raced, ResourceWrite
from server.query import Query, Token
from server.store import resources
from server.store.database import Database
from server.store.intake import IntakeDesk, stir_case
from server.store.ledger import Ledger
from server.store.tables import arrival as arrivals
from server.store.tables import cases, event, resource, search_value
from server.store.vault import Vault
from tests.store.nouns import AT, LEASE, PATIENT, arrival, desk, later, open_case, opening, token, write

LARGE = b"x" * (256 * 1024 + 1)


def counts(database: Database) -> dict[str, int]:
    tables = (arrivals, resource, search_value, cases, event)
    return database.read(
        lambda c: {t.name: c.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}
    )


def taken(identifier: str) -> Absent:
    return Absent(Query("Patient", (Token("identifier", ((None, identifier),)),)))


def test_arrival_resources_and_case_come_together(database: Database) -> None:
    made = write(index=(token("identifier", "1"),), patient=PATIENT)
    desk(database).take(Intake(arrival(), (made,), (taken("1"),), (opening(),)))
    assert set(counts(database).values()) == {1}
    case = Ledger(database, LEASE).find("c1")
    assert case is not None
    assert case.position == START
    assert (case.opened_at, case.due_at, case.news) == (AT, AT, 0)
    view = Ledger(database, LEASE).view("c1")
    assert view is not None
    [opened] = view.history
    assert (opened.event, opened.actor) == ("opened", "door:fhir")
    assert opened.detail == {
        "task": "Task/task-c1",
        "arrival": "a1",
        "digest": hashlib.sha256(b"{}").hexdigest(),
    }
    assert view.chain_broken_at is None


@pytest.mark.parametrize(
    ("writes", "absent", "case"),
    [
        ((write("new"),), (taken("known"),), "c2"),
        ((write("new"), write("p0")), (), "c2"),
        ((write("new"), write("p0", 3)), (), "c2"),
    ],
    ids=["somebody made it", "the id is taken", "the version is not current"],
)
def test_a_raced_intake_leaves_nothing(
    database: Database, writes: tuple[ResourceWrite, ...], absent: tuple[Absent, ...], case: str
) -> None:
    open_case(database)
    database.write(lambda c: resources.apply(c, [write("p0", index=(token("identifier", "known"),))], None))
    before = counts(database)
    with pytest.raises(Raced):
        desk(database).take(Intake(arrival("a2"), writes, absent, (opening(case),)))
    assert counts(database) == before
    unmoved = Ledger(database, LEASE).find("c1")
    assert unmoved is not None
    assert unmoved.news == 0


@pytest.mark.parametrize("body", [b"{}", LARGE], ids=["small", "large"])
def test_the_bytes_are_kept_in_the_row_or_under_their_digest(
    database: Database, tmp_path: Path, body: bytes
) -> None:
    vault = Vault(tmp_path / "bytes")
    IntakeDesk(database, vault).take(Intake(arrival(body=body), (write(),)))
    row = database.read(lambda c: c.execute(select(arrivals)).one())
    assert row.size == len(body)
    assert (vault.get(row.digest) if row.body is None else bytes(row.body)) == body
    assert (row.body is None) is (body is LARGE)


def test_large_bytes_are_in_the_vault_before_the_row_tells_of_them(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    vault = Vault(tmp_path / "bytes")
    put, commit = Vault.put, Database.write
    monkeypatch.setattr(Vault, "put", lambda *a: (order.append("vault"), put(*a))[1])
    monkeypatch.setattr(Database, "write", lambda *a: (order.append("row"), commit(*a))[1])
    IntakeDesk(database, vault).take(Intake(arrival(body=LARGE), ()))
    assert order == ["vault", "row"]


def test_a_shared_arrival_is_kept_by_the_first_that_writes(database: Database) -> None:
    shared = replace(arrival(), shared=True)
    for id_ in ("p1", "p2"):
        desk(database).take(Intake(shared, (write(id_),)))
    assert counts(database)["arrival"] == 1
    with pytest.raises((pysqlite3.IntegrityError, psycopg.IntegrityError)):
        desk(database).take(Intake(arrival(), (write("p3"),)))


def state(database: Database, case: str) -> tuple[object, int]:
    found = Ledger(database, LEASE).find(case)
    assert found is not None
    return found.due_at, found.news


def test_news_of_a_patient_wakes_their_open_cases_and_no_others(database: Database) -> None:
    for case, patient in (("c1", PATIENT), ("c2", PATIENT), ("c3", "Patient/p2"), ("c4", PATIENT)):
        open_case(database, case, patient=patient)
    asleep = update(cases).where(cases.c.id != "c4").values(due_at=later(days=1))
    ended = update(cases).where(cases.c.id == "c4").values(due_at=None, state=State.CLOSED)
    database.write(lambda c: (c.execute(asleep), c.execute(ended)))
    news = Intake(arrival("a2", at=later(hours=1)), (write("o1", type="Observation", patient=PATIENT),))
    desk(database).take(news)
    assert state(database, "c1") == state(database, "c2") == (later(hours=1), 1)
    assert state(database, "c3") == (later(days=1), 0)
    assert state(database, "c4") == (None, 0)


def test_an_order_is_no_news_to_the_other_cases_of_its_patient(database: Database) -> None:
    open_case(database, "c1")
    order = write("task-c2", type="Task", patient=PATIENT)
    desk(database).take(Intake(arrival("a2", at=later(hours=1)), (order,), openings=(opening("c2"),)))
    assert state(database, "c1") == (AT, 0)
    report = write("r3", type="DiagnosticReport", patient=PATIENT)
    third = write("task-c3", type="Task", patient=PATIENT)
    desk(database).take(Intake(arrival("a3", at=later(hours=2)), (report, third), openings=(opening("c3"),)))
    assert state(database, "c1") == state(database, "c2") == (later(hours=2), 1)
    assert state(database, "c3") == (later(hours=2), 0)
    changed = write("task-c2", 2, type="Task", patient=PATIENT)
    desk(database).take(Intake(arrival("a4", at=later(hours=3)), (changed,)))
    assert state(database, "c1") == (later(hours=3), 2)


def test_a_delivery_wakes_its_case_unless_it_has_ended(database: Database) -> None:
    open_case(database, "c1")
    open_case(database, "c2")
    database.write(lambda c: c.execute(update(cases).where(cases.c.id == "c2").values(due_at=None)))
    for case in ("c1", "c2"):
        database.write(lambda c, case=case: stir_case(c, case, later(hours=1)))
    assert state(database, "c1") == (later(hours=1), 1)
    assert state(database, "c2") == (None, 0)
