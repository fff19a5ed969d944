"""Writers at the same time: of two that cannot both be right one is told so, on either database.

The first stands in its transaction, everything written and nothing committed, while the second comes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from server.case import Event, IllegalMove, Position, State
from server.ports import Absent, Entry, Intake, LeaseLost, Method, Past, Progress, Raced
from server.query import Date, DateRow, Ids, Moment, Prefix, Query, Test, Token
from server.store import intake as intakes
from server.store import resources
from server.store.database import Database
from server.store.deliveries import Deliveries, enqueue
from server.store.ledger import Ledger
from server.store.reindexing import reindex
from server.store.resources import Resources
from server.store.tables import cases
from tests.store.nouns import (
    AT,
    LEASE,
    PATIENT,
    arrival,
    complete,
    desk,
    document,
    later,
    open_case,
    opening,
    token,
    write,
)

CLIENTS = 20
SHORT = 0.15
"""Seconds after which whoever has not come back is taken to wait."""


@contextmanager
def standing(database: Database, work: Callable[[Any], Any]) -> Iterator[Callable[[], Any]]:
    """``work`` is done and not committed; the call lets it commit, and gives its result."""
    written, go = threading.Event(), threading.Event()

    def hold(connection: Any) -> Any:
        try:
            return work(connection)
        finally:
            written.set()
            assert go.wait(30)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(database.write, hold)
        assert written.wait(30)

        def commit() -> Any:
            go.set()
            return first.result(30)

        try:
            yield commit
        finally:
            go.set()


@contextmanager
def meanwhile(work: Callable[[], Any]) -> Iterator[Future[Any]]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work)


def waits(future: Future[Any]) -> bool:
    """Whether it is not done in a while; what is never done fails later, at its result."""
    try:
        future.exception(SHORT)
    except TimeoutError:
        return True
    return False


def all_at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What each of ``count`` threads gets, exceptions among them; all begin together."""
    together = threading.Barrier(count)

    def one(number: int) -> Any:
        together.wait(30)
        try:
            return work(number)
        except (Raced, LeaseLost, IllegalMove) as refused:
            return type(refused)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def intake(name: str, *tests: Test, index: tuple[Any, ...] = (), **more: Any) -> Intake:
    """A conditional create of a Patient of this name."""
    absent = (Absent(Query("Patient", tests)),) if tests else ()
    return Intake(arrival(name), (write(name, index=index),), absent, **more)


def take(database: Database, wanted: Intake) -> Callable[[], None]:
    return lambda: database.write(lambda c: intakes._take(c, wanted))


def identifier(*values: str) -> Token:
    return Token("identifier", tuple(("urn:s", value) for value in values))


BORN = Date("birthdate", (Moment(Prefix.EQ, AT, later(days=1)),))
BORN_THEN = DateRow("birthdate", AT, later(days=1))


HUNDREDS = [identifier(*map(str, range(n, n + 100))) for n in range(0, 600, 100)]
X, Y = token("identifier", "x"), token("identifier", "y")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (intake("a", identifier("x"), index=(X,)), intake("b", identifier("x"), index=(X,))),
        (intake("a", identifier("x"), index=(X, Y)), intake("b", identifier("y"), index=(X, Y))),
        (
            intake("a", identifier("x"), index=(X, token("_tag", "t"))),
            intake("b", Token("_tag", ((None, "t"),)), index=(X, token("_tag", "t"))),
        ),
        (
            intake("a", identifier("x", "y"), index=(X,)),
            intake("b", Ids(("a", "b")), index=(Y,)),
        ),
        (
            intake("a", BORN, index=(X, BORN_THEN)),
            intake("b", identifier("x"), index=(X, BORN_THEN)),
        ),
        (
            intake("a", *HUNDREDS, index=(X,)),
            intake("b", identifier("x"), index=tuple(token("identifier", str(n)) for n in range(600))),
        ),
    ],
    ids=["the same", "two identifiers of one person", "other parameters", "ids", "a date", "very many"],
)
def test_of_two_that_look_for_what_the_other_makes_one_is_late(
    database: Database, first: Intake, second: Intake
) -> None:
    with (
        standing(database, lambda c: intakes._take(c, first)) as commit,
        meanwhile(take(database, second)) as other,
    ):
        assert waits(other)
        commit()
        with pytest.raises(Raced):
            other.result(30)
    found = Resources(database).find(Query("Patient"), 10)
    assert [each.id for each in found] == ["a"]


def test_who_looks_again_after_the_first_gave_up_finds_nothing_and_goes_on(database: Database) -> None:
    def gives_up(connection: Any) -> None:
        intakes._take(connection, intake("a", identifier("x"), index=(X,)))
        raise LookupError

    late = take(database, intake("b", identifier("x"), index=(X,)))
    with standing(database, gives_up) as commit, meanwhile(late) as other:
        with pytest.raises(LookupError):
            commit()
        other.result(30)
    assert [each.id for each in Resources(database).find(Query("Patient"), 10)] == ["b"]


@pytest.mark.parametrize("plain", [True, False], ids=["plain creates", "conditional creates"])
def test_on_postgresql_those_who_have_nothing_to_do_with_each_other_do_not_wait(
    database: Database, plain: bool
) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite lets in one writer at a time")
    shared = token("status", "final")
    x, y = (() if plain else (identifier(name),) for name in "xy")
    with standing(database, lambda c: intakes._take(c, intake("a", *x, index=(X, shared)))) as commit:
        with meanwhile(take(database, intake("b", *y, index=(Y, shared)))) as other:
            other.result(30)
        commit()
    assert len(Resources(database).find(Query("Patient"), 10)) == 2


def conditional(number: int) -> Intake:
    return intake(f"p{number}", identifier("x"), index=(X,))


def created(number: int) -> Intake:
    return Intake(arrival(f"a{number}"), (write("same"),))


def updated(number: int) -> Intake:
    return Intake(arrival(f"a{number}"), (write("same", 2),))


@pytest.mark.parametrize("make", [conditional, created, updated])
def test_of_twenty_one_is_first(database: Database, make: Callable[[int], Intake]) -> None:
    if make is updated:
        take(database, Intake(arrival("before"), (write("same"),)))()
    got = all_at_once(CLIENTS, lambda number: take(database, make(number))())
    assert got.count(None) == 1
    assert got.count(Raced) == CLIENTS - 1
    [found] = Resources(database).find(Query("Patient"), 10)
    assert found.version == (2 if make is updated else 1)
    assert len(Resources(database).history(Past(("Patient",), 9, found.id)).found) == found.version


def test_two_that_lock_in_each_others_way_are_both_answered(database: Database) -> None:
    """On PostgreSQL one is undone as a deadlock, done anew, and only then finds itself too late."""
    database.write(lambda c: resources.apply(c, [write("p1"), write("p2")], None))
    both, tries = threading.Barrier(2), list[int]()

    def work(connection: Any, number: int) -> None:
        order = ("p1", "p2") if number else ("p2", "p1")
        resources.apply(connection, [write(order[0], 2)], None)
        tries.append(number)
        if database.engine.dialect.name != "sqlite" and len(tries) <= 2:
            both.wait(30)
        resources.apply(connection, [write(order[1], 2)], None)

    got = all_at_once(2, lambda number: database.write(lambda c: work(c, number)))
    assert sorted(got, key=str) == [Raced, None]
    assert [Resources(database).read("Patient", each).version for each in ("p1", "p2")] == [2, 2]  # type: ignore[union-attr]


# -- cases and news ----------------------------------------------------------------------------


def news(type_: str = "Observation", id_: str = "o1", version: int = 1, **more: Any) -> Intake:
    return Intake(arrival(f"of-{id_}", at=later(minutes=5)), (write(id_, version, type=type_, **more),))


def opened(case: str = "c1") -> Intake:
    return Intake(arrival(f"of-{case}"), (), openings=(opening(case),))


ABOUT_THE_PATIENT = news(patient=PATIENT)
ABOUT_THE_SIGNER = news("PractitionerRole", "r1", 2)
SIGNED = write(
    "of-c1", type="DiagnosticReport", index=(token("results-interpreter", "PractitionerRole/r1", ""),)
)


@pytest.mark.parametrize("what", [ABOUT_THE_PATIENT, ABOUT_THE_SIGNER], ids=["patient", "signer"])
def test_news_is_not_slept_over_by_a_case_that_is_being_opened(database: Database, what: Intake) -> None:
    take(database, Intake(arrival("before"), (SIGNED, write("r1", type="PractitionerRole"))))()
    opens = standing(database, lambda c: intakes._take(c, opened()))
    with opens as commit, meanwhile(take(database, what)) as other:
        assert waits(other)
        commit()
        other.result(30)
    found = Ledger(database, LEASE).find("c1")
    assert found is not None
    assert (found.news, found.due_at) == (1, later(minutes=5))


@pytest.mark.parametrize("what", [ABOUT_THE_PATIENT, ABOUT_THE_SIGNER], ids=["patient", "signer"])
def test_a_case_is_not_opened_before_the_news_it_could_miss(database: Database, what: Intake) -> None:
    take(database, Intake(arrival("before"), (SIGNED, write("r1", type="PractitionerRole"))))()
    tells = standing(database, lambda c: intakes._take(c, what))
    with tells as commit, meanwhile(take(database, opened())) as other:
        assert waits(other)
        commit()
        other.result(30)
    assert Ledger(database, LEASE).find("c1") is not None


def test_news_while_a_step_is_committed_and_the_step_in_the_end_agree(database: Database) -> None:
    open_case(database)
    ledger = Ledger(database, LEASE)
    claim = ledger.claim(AT)
    assert claim is not None
    tells = standing(database, lambda c: intakes._take(c, ABOUT_THE_PATIENT))
    rests = meanwhile(lambda: ledger.release(claim, later(days=1), later(minutes=6)))
    with tells as commit, rests as step:
        assert waits(step)
        commit()
        step.result(30)
    found = ledger.find("c1")
    assert found is not None
    assert (found.news, found.due_at) == (1, later(minutes=6)), "not slept over for a day"


@pytest.mark.parametrize("patients", [1, CLIENTS], ids=["one patient", "whose patient was corrected"])
def test_of_twenty_that_ask_one_question_about_a_report_one_opens_a_case(
    database: Database, patients: int
) -> None:
    def asks(number: int) -> Intake:
        case = replace(opening(f"c{number}", f"Patient/{number % patients}"), report="DiagnosticReport/r1")
        return Intake(arrival(f"a{number}"), (), openings=(case,))

    got = all_at_once(CLIENTS, lambda number: take(database, asks(number))())
    assert got.count(None) == 1
    assert got.count(Raced) == CLIENTS - 1


def test_a_case_is_not_stopped_that_is_just_ending(database: Database) -> None:
    open_case(database)
    ending = cases.update().where(cases.c.id == "c1").values(due_at=None)
    stopping = Intake(arrival("stop"), (), stopping=("task-c1",))
    ends = standing(database, lambda c: c.execute(ending))
    with ends as commit, meanwhile(take(database, stopping)) as other:
        assert waits(other)
        commit()
        assert isinstance(other.exception(30), Raced)


# -- what is deleted ---------------------------------------------------------------------------


def deletion(id_: str = "o1", type_: str = "Observation", **more: Any) -> Intake:
    gone = write(id_, 2, type=type_, method=Method.DELETE, body=b"", **more)
    return Intake(arrival(f"gone-{id_}"), (gone,))


EVIDENCE = Intake(arrival("evidence"), (write("o1", type="Observation", patient=PATIENT),))
REFERRING = Intake(arrival("r"), (write("r1", type="DiagnosticReport", references=("Observation/o1",)),))


@pytest.mark.parametrize("other", [opened(), REFERRING], ids=["a case rests on it", "another refers to it"])
@pytest.mark.parametrize("deleted_first", [True, False])
def test_what_is_deleted_is_needed_by_nobody(database: Database, other: Intake, deleted_first: bool) -> None:
    take(database, EVIDENCE)()
    gone = deletion(patient=PATIENT)
    first, second = (gone, other) if deleted_first else (other, gone)
    stands = standing(database, lambda c: intakes._take(c, first))
    with stands as commit, meanwhile(take(database, second)) as late:
        assert waits(late)
        commit()
        if deleted_first and other is not REFERRING:
            late.result(30)  # a case is opened without what is no longer there
        else:
            with pytest.raises(Raced):
                late.result(30)


def test_an_index_that_is_written_anew_is_of_the_newest_version(database: Database) -> None:
    """The one who writes it anew waits for who writes a new version, and the other way round."""
    take(database, intake("a", index=(X,)))()
    newer = Intake(arrival("newer"), (write("a", 2, index=(Y,)),))

    def rows(body: bytes) -> tuple[Any, ...]:
        return (Y,) if b"2" in body else (X,)

    stands = standing(database, lambda c: intakes._take(c, newer))
    with stands as commit, meanwhile(lambda: reindex(database, rows)) as anew:
        assert waits(anew)
        commit()
        assert anew.result(30) == 1
    for value, expected in (("x", 0), ("y", 1)):
        assert len(Resources(database).find(Query("Patient", (identifier(value),)), 10)) == expected


# -- queues ------------------------------------------------------------------------------------


def test_each_due_case_is_taken_once(database: Database) -> None:
    for number in range(CLIENTS):
        open_case(database, f"c{number}", patient=f"Patient/{number}")
    ledger = Ledger(database, LEASE)
    taken: list[str] = []

    def work(_number: int) -> None:
        while (claim := ledger.claim(AT)) is not None or len(taken) < CLIENTS:
            if claim is not None:
                taken.append(claim.case.id)

    all_at_once(4, work)
    assert sorted(taken) == sorted(f"c{number}" for number in range(CLIENTS))


def test_a_case_that_another_is_just_taking_up_is_not_waited_for(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite lets in one writer at a time")
    open_case(database, "longest", later(minutes=-1))
    open_case(database, "next")
    ledger = Ledger(database, LEASE)
    touch = cases.update().where(cases.c.id == "longest").values(attempts=0)
    with standing(database, lambda c: c.execute(touch)) as commit:
        with meanwhile(lambda: ledger.claim(AT)) as other:
            claim = other.result(30)
            assert claim is not None
            assert claim.case.id == "next"
        commit()


def test_each_due_delivery_is_taken_once_and_lanes_stay_in_order(database: Database) -> None:
    for number in range(8):
        open_case(database, f"c{number}")
        papers = [document(f"{number}-1"), document(f"{number}-2")]
        database.write(lambda c, n=number, d=papers: enqueue(c, f"c{n}", d, AT, timedelta(hours=1)))
    queue, taken = Deliveries(database, LEASE), list[str]()

    def work(_number: int) -> None:
        while (claim := queue.claim(AT)) is not None or len(taken) < 8:
            if claim is not None:
                taken.append(claim.document.id)

    all_at_once(4, work)
    assert sorted(taken) == [f"{number}-1" for number in range(8)]


def test_of_twenty_steps_under_one_lease_one_is_written_and_the_chain_is_whole(database: Database) -> None:
    open_case(database)
    ledger = Ledger(database, LEASE)
    claim = ledger.claim(AT)
    assert claim is not None
    got = all_at_once(CLIENTS, lambda _: ledger.commit(claim, complete(), AT, keep=False))
    assert got.count(LeaseLost) == CLIENTS - 1
    view = ledger.view("c1")
    assert view is not None
    assert view.chain_broken_at is None
    assert [each.seq for each in view.history] == [1, 2]


def test_of_many_who_decide_on_a_held_case_one_does(database: Database) -> None:
    open_case(database)
    ledger = Ledger(database, LEASE)
    claim = ledger.claim(AT)
    assert claim is not None
    held = Position(State.HELD, before=State.RECEIVED)
    ledger.commit(claim, Progress((Entry(Event.HELD, "x"),), held, later(days=1)), AT, keep=False)
    got = all_at_once(8, lambda number: ledger.resume("c1", f"person {number}", AT))
    assert got.count(IllegalMove) == 7
    view = ledger.view("c1")
    assert view is not None
    assert view.chain_broken_at is None
    assert [each.event for each in view.history] == ["opened", "held for a person", "resumed by a person"]


def test_locks_are_few_however_much_is_looked_for(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite locks the whole file")
    count = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")

    def work(connection: Any, wanted: Intake) -> int:
        intakes._take(connection, wanted)
        return int(connection.execute(count).scalar_one())

    few, many = [identifier("x")], HUNDREDS
    assert database.write(lambda c: work(c, intake("a", *few, index=(X, Y)))) <= 5
    assert database.write(lambda c: work(c, intake("b", *many))) == 1
    assert database.read(lambda c: c.execute(count).scalar_one()) == 0
    assert database.read(lambda c: c.execute(select(text("1"))).scalar_one()) == 1


def test_news_of_one_patient_from_many_ends_in_no_deadlock(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each writer wakes all of the patient's cases: two that held some of them each would wait for ever."""
    for number in range(60):
        open_case(database, f"c{number}")
    tries = list[str]()
    take = intakes._take

    def counted(connection: Any, intake: Intake) -> None:
        tries.append(intake.arrival.id)
        take(connection, intake)

    monkeypatch.setattr(intakes, "_take", counted)

    def bring(number: int) -> None:
        news = write(f"o{number}", type="Observation", patient=PATIENT)
        desk(database).take(Intake(arrival(f"news-{number}"), (news,)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bring, range(160)))
    assert len(tries) == 160, "none was undone and tried again"
    assert set(database.read(lambda c: c.execute(select(cases.c.news)).scalars().all())) == {160}
