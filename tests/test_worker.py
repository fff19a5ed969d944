"""The carrier: what fails is tried again, counted, given up in sight of a person; nothing stops the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from server import worker
from server.contract import Inputs
from server.errors import Category, Fault, fault
from server.log import configure
from server.model import AiRead, Document, Receipt
from server.policies import PolicyBook
from server.ports import CaseRow, Undelivered
from server.routing.deadlines import retry_delay
from server.store import resources
from server.worker import CaseWorker, DeliveryWorker, Loop
from tests.store.nouns import write
from tests.world import BACTERIAL, SPECIALTY, VIRAL, LostFacts, ScriptedReader, World, doctor, send_case

pytestmark = pytest.mark.both_databases

NAME = "bilirubin of Dapple"


def case(world: World, number: int = 0) -> CaseRow:
    """Of all cases, the one opened as the so-manieth."""
    return sorted(world.house.ledger.recent(10), key=lambda each: each.task_identifier["value"])[number]


def events(world: World, id_: str) -> list[str]:
    view = world.house.ledger.view(id_)
    assert view is not None
    return [each.event for each in view.history]


@dataclass
class Reading(ScriptedReader):
    """Does something else while it reads."""

    meanwhile: Callable[[], Any] = lambda: None

    def read(self, inputs: Inputs, now: datetime) -> AiRead:
        self.meanwhile()
        return super().read(inputs, now)


def with_reader(world: World, meanwhile: Callable[[], Any]) -> CaseWorker:
    reader = Reading(meanwhile=meanwhile)
    return replace(world.cases, tools=replace(world.cases.tools, reader=lambda _: reader))


@dataclass
class Courier:
    """Fails in a way of its own for documents of the first case; delivers all others."""

    failure: Exception | None
    meanwhile: Callable[[], Any] = lambda: None
    sent: list[str] = field(default_factory=list)
    first: str = ""

    def deliver(self, document: Document, attempt: int) -> Receipt:
        del attempt
        self.first = self.first or document.id
        if document.id == self.first:
            self.meanwhile()
            if self.failure is not None:
                raise self.failure
        self.sent.append(document.id)
        return Receipt(200, (), "accepted")


# -- cases -------------------------------------------------------------------------------------


def test_a_failing_step_is_tried_again_after_growing_pauses_then_faulted(world: World) -> None:
    world.reader.crashes = 99
    send_case(world, BACTERIAL)
    pauses = []
    for attempt in range(1, world.cases.attempts):
        assert world.cases.once()
        failed = case(world)
        assert (failed.attempts, failed.last_error) == (attempt, "an error of ours: RuntimeError")
        assert failed.due_at is not None
        pauses.append(failed.due_at - world.watch())
        assert pauses[-1] == retry_delay(attempt, failed.id)
        world.watch.time = failed.due_at
    assert pauses == sorted(pauses)
    assert pauses[-1] > 2 * pauses[0]
    assert world.cases.once()
    given_up = case(world)
    assert (given_up.position.state, given_up.position.before) == ("faulted", "ready")
    view = world.house.ledger.view(given_up.id)
    assert view is not None
    assert view.history[-1].detail == {
        "reason": "an error of ours: RuntimeError",
        "attempts": world.cases.attempts,
    }


def test_an_unforeseen_error_is_counted_told_by_its_kind_only_and_stops_no_other_case(world: World) -> None:
    def breaks() -> None:
        raise ZeroDivisionError(NAME)

    send_case(world, BACTERIAL)
    first = case(world)
    broken = with_reader(world, breaks)
    assert broken.once()
    assert (case(world).attempts, case(world).last_error) == (1, "an error of ours: ZeroDivisionError")
    send_case(world, BACTERIAL, number="T-2")
    assert world.cases.once()
    assert case(world, 1).position.state == "written-up"
    for _ in range(broken.attempts - 1):
        world.watch.forward(minutes=16)
        assert broken.once()
    assert case(world).position.state == "faulted"
    assert NAME not in str(world.house.ledger.view(first.id))


def test_a_lost_lease_is_no_error_and_writes_nothing(world: World) -> None:
    def somebody_else_takes_over() -> None:
        world.watch.forward(seconds=61)
        assert world.cases.once()

    sent = send_case(world, BACTERIAL)
    slow = with_reader(world, somebody_else_takes_over)
    assert slow.once()
    assert events(world, case(world).id).count("AI read sealed") == 1
    assert events(world, case(world).id)[-1] == "written up"
    assert world.state(sent.task_id) == "written-up"


def test_a_step_that_fails_after_its_lease_was_lost_is_not_counted(world: World) -> None:
    def somebody_else_takes_over() -> None:
        world.watch.forward(seconds=61)
        assert world.cases.once()
        raise ZeroDivisionError

    send_case(world, BACTERIAL)
    assert with_reader(world, somebody_else_takes_over).once()
    assert (case(world).attempts, case(world).last_error) == (0, None)


def test_a_step_that_was_overtaken_looks_again_at_once(world: World) -> None:
    """A version written under the step: the whole step is thrown away, and done anew."""
    calls: list[str] = []

    def explain(*_: Any) -> str:
        """Called twice by one write-up; by the second time the Task has been read."""
        calls.append(case(world).position.state)
        if len(calls) == 2:
            task = world.house.shelf.read("Task", case(world).task_id)
            assert task is not None
            later = write(task.id, task.version + 1, type="Task", body=task.body)
            world.house.database.write(lambda c: resources.apply(c, [later], None))
        return "text"

    sent = send_case(world, BACTERIAL)
    world.cases = replace(world.cases, tools=replace(world.cases.tools, explain=explain))
    assert world.cases.once()
    assert calls == ["resolved"] * 2
    thrown_away = case(world)
    assert (thrown_away.attempts, thrown_away.last_error) == (0, None), "nobody did anything wrong"
    assert (thrown_away.position.state, thrown_away.due_at) == ("resolved", world.watch())
    world.run()
    assert calls == ["resolved"] * 4
    assert world.state(sent.task_id) == "closed"
    assert events(world, case(world).id).count("written up") == 1
    assert [each.kind for each in world.courier.sent] == ["status", "opinion"]


def test_a_held_case_whose_step_fails_stays_held_and_the_worker_goes_on(world: World) -> None:
    """It cannot be given up twice: it is with a person already."""
    send_case(world, VIRAL)  # nobody is in the directory who may be asked
    world.run()
    assert case(world).position.state == "held"

    class NoShelf:
        def read(self, *_: Any) -> None:
            raise fault(Category.UNAVAILABLE, "no-store", "the shelf is away")

    broken = replace(world.cases, tools=replace(world.cases.tools, shelf=NoShelf()))  # type: ignore[arg-type]
    world.watch.forward(days=1)
    for attempt in range(1, 2 * broken.attempts):
        assert broken.once()
        assert (case(world).position.state, case(world).attempts) == ("held", attempt)
        world.watch.forward(minutes=16)
    world.run()
    assert (case(world).attempts, case(world).last_error) == (0, None)


def test_a_case_whose_question_is_no_longer_configured_is_faulted_in_sight(world: World) -> None:
    send_case(world, BACTERIAL)
    bare = replace(
        world.cases,
        tools=replace(world.cases.tools, cards={}, policies=PolicyBook({}, world.house.rulings)),
    )
    for _ in range(bare.attempts):
        assert bare.once()
        world.watch.forward(minutes=16)
    assert case(world).position.state == "faulted"
    assert not bare.once()


def test_nothing_due_is_told(world: World) -> None:
    assert not world.cases.once()
    assert not world.deliveries.once()


# -- deliveries --------------------------------------------------------------------------------


def stuck(world: World, courier: Courier) -> DeliveryWorker:
    """Two cases whose first documents wait to be delivered by ``courier``."""
    for number in ("T-1", "T-2"):
        send_case(world, BACTERIAL, number=number)
    while world.cases.once():
        pass
    return replace(world.deliveries, courier=courier)


def refused(category: Category, **more: Any) -> Undelivered:
    return Undelivered(category, "exception", "the destination did not take it", **more)


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        (refused(Category.UNAVAILABLE), timedelta(0)),
        (refused(Category.BUSY, retry_after=timedelta(milliseconds=1)), timedelta(0)),
        (refused(Category.BUSY, retry_after=timedelta(hours=2)), timedelta(hours=2)),
        (Fault(Category.BROKEN), timedelta(0)),
        (ZeroDivisionError(NAME), timedelta(0)),
    ],
    ids=["unavailable", "asked to wait less", "asked to wait longer", "broken", "unforeseen"],
)
def test_a_failed_delivery_is_tried_again_and_stops_no_other(
    world: World, failure: Exception, pause: timedelta
) -> None:
    courier = Courier(failure)
    deliveries = stuck(world, courier)
    while deliveries.once():
        pass
    waiting = {each.document_id: each for each in world.house.deliveries.listed("waiting")}
    again = waiting[courier.first]
    assert again.due_at == world.watch() + max(pause, retry_delay(1, courier.first))
    assert again.attempts == 1
    assert NAME not in str(again.last_outcome)
    assert len(courier.sent) == 2  # both documents of the other case


@pytest.mark.parametrize(
    ("failure", "parked"),
    [
        (refused(Category.BUSY, retry_after=timedelta(hours=95)), False),
        (refused(Category.BUSY, retry_after=timedelta(hours=97)), True),
        (refused(Category.FORBIDDEN), True),
        (refused(Category.UNPROCESSABLE), True),
        (refused(Category.NOT_FOUND), True),
        (refused(Category.CONFLICT), True),
    ],
    ids=["within the policy's time", "beyond it", "forbidden", "unprocessable", "not found", "conflict"],
)
def test_what_does_not_pass_in_time_waits_for_a_person(
    world: World, failure: Exception, parked: bool
) -> None:
    courier = Courier(failure)
    assert stuck(world, courier).once()
    found = [each.document_id for each in world.house.deliveries.listed("parked")]
    assert found == ([courier.first] if parked else [])


def test_a_delivery_that_somebody_else_took_over_is_theirs(world: World) -> None:
    def somebody_else_takes_over() -> None:
        world.watch.forward(minutes=11)
        while world.deliveries.once():
            pass

    courier = Courier(refused(Category.UNPROCESSABLE), somebody_else_takes_over)
    assert stuck(world, courier).once()
    assert world.house.deliveries.listed("parked") == []
    assert [each.id for each in world.courier.sent].count(courier.first) == 1


# -- what the logs tell ------------------------------------------------------------------------


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """Everything that is logged, at every level."""
    before = structlog.get_config()
    configure("debug", "tests")
    with capture_logs() as lines:
        yield lines
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


def test_logs_tell_neither_what_is_sealed_nor_who_it_is_about(world: World, told: list[Any]) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.breaks = 1
    sent = send_case(world, VIRAL)
    world.run()
    world.watch.forward(minutes=1)
    world.run()
    assert world.state(sent.task_id) == "offered"
    text = str(told)
    assert "case moved" in text
    for word in ("present", "0.94", "discordant", "differed", "missed", "Dapple", "Quill", "P-T-1", "1990-"):
        assert word not in text, word


def test_a_failing_step_under_seal_does_not_tell_the_state(world: World, told: list[Any]) -> None:
    send_case(world, VIRAL)

    tools = replace(world.cases.tools, files=LostFacts(world, "discordant"))
    replace(world.cases, tools=tools).once()
    assert case(world).position.state == "discordant"
    assert [each["state"] for each in told if each["event"] == "step failed"] == ["compared"]


# -- the loop ----------------------------------------------------------------------------------


def test_a_loop_works_while_there_is_work_idles_when_not_and_ends_when_told() -> None:
    work, idled = iter([True, True, False]), threading.Event()
    done: list[bool] = []

    def once() -> bool:
        done.append(next(work, False))
        return done[-1]

    def idle(stop: threading.Event) -> None:
        idled.set()
        assert stop.wait(10)

    loop = Loop("tests", once, idle)
    loop.start()
    assert idled.wait(10)
    assert loop.alive
    loop.stop()
    assert not loop.alive
    assert done == [True, True, False]


def test_a_loop_finishes_what_it_has_in_hand() -> None:
    begun, finished = threading.Event(), []

    def once() -> bool:
        begun.set()
        stopping.wait(10)
        finished.append(True)
        return True

    stopping = threading.Event()
    loop = Loop("tests", once, lambda _: None)
    loop.start()
    assert begun.wait(10)
    ender = threading.Thread(target=loop.stop)
    ender.start()
    assert finished == []
    stopping.set()
    ender.join(10)
    assert not loop.alive
    assert finished != []


def test_a_loop_outlives_a_store_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_PAUSE", timedelta(0))
    again, looks = threading.Event(), []

    def once() -> bool:
        looks.append(True)
        if len(looks) < 3:
            raise fault(Category.UNAVAILABLE, "no-store", "the disk is full")
        again.set()
        return False

    loop = Loop("tests", once, lambda stop: stop.wait(10) and None)
    loop.start()
    assert again.wait(10)
    loop.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_that_breaks_is_seen_to_be_dead() -> None:
    def once() -> bool:
        raise ZeroDivisionError

    loop = Loop("tests", once, lambda _: None)
    loop.start()
    loop.stop()
    assert not loop.alive
