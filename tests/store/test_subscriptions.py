"""Numbers of events: in the commit of the change, without a gap, never of what is under seal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from server.model import Receipt
from server.notices import Notice, Standing, Subscriber, Subscribing, Telling
from server.ports import DeliveryClaim, Intake, LeaseLost, Method, Raced, ResourceWrite
from server.store.database import Database
from server.store.deliveries import Deliveries
from server.store.intake import IntakeDesk
from server.store.notifications import Notifications
from server.store.subscriptions import Subscriptions, notice_of
from server.store.tables import cases
from server.store.vault import Vault
from tests.store.nouns import AT, LEASE, arrival, later, open_case, write

WEEK = timedelta(days=7)
OK = Receipt(200, (), "accepted")


class Everything:
    """Each subscriber hears every change of its topic's type."""

    def topics(self, write: ResourceWrite) -> tuple[str, ...]:
        return (write.type,)

    def hears(self, subscriber: Subscriber, write: ResourceWrite) -> bool:
        return subscriber.topic == write.type


@pytest.fixture
def subscribers() -> Subscriptions:
    return Subscriptions(Everything(), WEEK)


@pytest.fixture
def desk(database: Database, tmp_path: Path, subscribers: Subscriptions) -> IntakeDesk:
    return IntakeDesk(database, Vault(tmp_path), subscribers)


@pytest.fixture
def told(database: Database, subscribers: Subscriptions) -> Notifications:
    return Notifications(database, subscribers, LEASE)


def wish(
    id_: str = "s1", topic: str = "Task", standing: Standing = Standing.REQUESTED, **more: Any
) -> Subscribing:
    given = {"most": 2, "timeout": timedelta(seconds=10), **more}
    return Subscribing(Subscriber(id_, "ehr", "system/Task.r", topic), standing, **given)


def take(
    desk: IntakeDesk, *writes: ResourceWrite, wishes: tuple[Subscribing, ...] = (), id_: str = "a1"
) -> None:
    desk.take(Intake(arrival(id_), writes, subscribings=wishes))


def changed(id_: str, version: int = 1) -> ResourceWrite:
    return write(id_, version, type="Task")


def active(desk: IntakeDesk, told: Notifications, *wishes: Subscribing) -> None:
    take(desk, wishes=wishes, id_="enrolled")
    for _ in wishes:
        told.delivered(claimed(told), OK, AT, ())


def claimed(told: Notifications, at: Any = AT) -> DeliveryClaim:
    found = told.claim(at)
    assert found is not None
    return found


def notice(claim: DeliveryClaim) -> Notice:
    return notice_of(claim.document)


def events(told: Notifications, id_: str = "s1") -> int:
    return told.subscribed([id_])[id_].events


def test_each_change_is_numbered_for_each_who_hears_it(desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish("s1"), wish("s2"), wish("s3", "Patient"))
    take(desk, changed("t1"), changed("t2"), changed("t1", 2))
    take(desk, changed("t2", 2), id_="a2")
    for id_ in ("s1", "s2"):
        found = told.occurrences(id_, 1, 9, 9)
        assert [(each.number, each.id, each.version) for each in found] == [
            (1, "t1", 1),
            (2, "t2", 1),
            (3, "t1", 2),
            (4, "t2", 2),
        ]
    assert events(told, "s3") == 0
    assert [each.number for each in told.occurrences("s1", 2, 3, 9)] == [2, 3]
    assert [each.number for each in told.occurrences("s1", 1, 9, 1)] == [1]


def test_what_is_not_committed_takes_no_number(desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish())
    with pytest.raises(Raced):
        take(desk, changed("t1"), changed("t1"))
    assert events(told) == 0
    take(desk, changed("t1"), id_="a2")
    assert [each.number for each in told.occurrences("s1", 0, 9, 9)] == [1]


def test_a_deletion_is_no_event(desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish())
    take(desk, changed("t1"))
    take(desk, write("t1", 2, type="Task", body=b"", method=Method.DELETE), id_="a2")
    assert events(told) == 1


def test_a_report_under_seal_is_no_event(database: Database, desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish("s1", "DiagnosticReport"))
    open_case(database)
    take(desk, write("of-c1", type="DiagnosticReport"), write("another", type="DiagnosticReport"))
    assert [each.id for each in told.occurrences("s1", 1, 9, 9)] == ["another"]
    database.write(lambda c: c.execute(update(cases).values(state="resolved")))
    take(desk, write("of-c1", 2, type="DiagnosticReport"), id_="a2")
    assert [each.id for each in told.occurrences("s1", 1, 9, 9)] == ["another", "of-c1"]


def test_one_is_under_way_and_the_next_follows_it(desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish())
    for number in range(1, 6):
        take(desk, changed(f"t{number}"), id_=f"a{number}")
    ranges = []
    while (claim := told.claim(AT)) is not None:
        assert told.claim(AT) is None, "two at once"
        ranges.append((notice(claim).first, notice(claim).last))
        told.delivered(claim, OK, AT, ())
    assert ranges == [(1, 1), (2, 3), (4, 5)]
    assert told.subscribed(["s1"])["s1"].sent == 5


def test_tried_again_with_the_same_numbers(desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish())
    take(desk, changed("t1"))
    first = claimed(told)
    told.failed(first, "away", later(seconds=1), AT)
    take(desk, changed("t2"), id_="a2")
    assert told.claim(AT) is None
    again = claimed(told, later(seconds=2))
    assert (again.document, again.attempt) == (first.document, 2)


def test_the_lease_outlasts_the_attempt(desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish(timeout=timedelta(seconds=25)))
    take(desk, changed("t1"))
    lost = claimed(told)
    assert told.claim(AT + LEASE + timedelta(seconds=25)) is None
    taken = claimed(told, AT + LEASE + timedelta(seconds=26))
    told.delivered(taken, OK, AT, ())
    with pytest.raises(LeaseLost):
        told.delivered(lost, OK, AT, ())
    assert told.subscribed(["s1"])["s1"].sent == 1


def test_given_up_is_parked_and_counted_on(database: Database, desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish())
    take(desk, changed("t1"))
    told.given_up(claimed(told), "away", AT, ())
    take(desk, changed("t2"), id_="a2")
    standing = told.subscribed(["s1"])["s1"]
    assert (standing.standing, standing.events, standing.sent) == (Standing.ERROR, 2, 0)
    assert told.claim(later(days=30)) is None
    deliveries = Deliveries(database, LEASE)
    [parked] = deliveries.listed("parked")
    assert parked.case_id is None
    assert deliveries.send_again(parked.document_id, AT, WEEK)
    told.delivered(claimed(told), OK, AT, ())
    follows = claimed(told)
    assert (notice(follows).first, notice(follows).last) == (2, 2)
    assert told.subscribed(["s1"])["s1"].standing is Standing.ACTIVE


def test_a_handshake_that_fails_is_dropped(database: Database, desk: IntakeDesk, told: Notifications) -> None:
    take(desk, wishes=(wish(),))
    told.given_up(claimed(told), "refused", AT, ())
    assert Deliveries(database, LEASE).counts() == {"dropped": 1}
    assert told.subscribed(["s1"])["s1"].standing is Standing.ERROR


def test_asked_for_again_it_goes_on_where_it_stopped(desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish())
    take(desk, changed("t1"))
    lost = claimed(told)
    take(desk, wishes=(wish(),), id_="a2")
    with pytest.raises(LeaseLost):
        told.delivered(lost, OK, AT, ())
    greeting = claimed(told)
    assert notice(greeting).telling is Telling.HANDSHAKE
    told.delivered(greeting, OK, AT, ())
    assert notice(claimed(told)) == Notice("s1", Telling.EVENTS, 1, 1)


def test_off_hears_nothing(desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish())
    take(desk, wishes=(wish(standing=Standing.OFF),), id_="a2")
    take(desk, changed("t1"), id_="a3")
    assert events(told) == 0
    assert told.listening("ehr") == 0


def test_heartbeats_are_due_by_a_stored_time(desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish(heartbeat=timedelta(seconds=60)))
    assert told.due(later(seconds=59)) is None
    assert told.due(later(seconds=60)) == ("s1", False)
    told.beat("s1", later(seconds=60))
    assert told.due(later(seconds=60)) is None
    told.beat("s1", later(seconds=60))
    beat = claimed(told, later(seconds=60))
    assert notice(beat).telling is Telling.HEARTBEAT
    told.delivered(beat, OK, later(seconds=61), ())
    told.beat("s1", later(seconds=61))
    assert told.claim(later(seconds=61)) is None, "two workers saw the same due date"
    take(desk, changed("t1"))
    told.beat("s1", later(seconds=121))
    assert notice(claimed(told, later(seconds=121))).telling is Telling.EVENTS


def test_its_end_is_due_too(desk: IntakeDesk, told: Notifications) -> None:
    active(desk, told, wish(heartbeat=timedelta(seconds=60), ends_at=later(seconds=90)))
    assert told.due(later(seconds=60)) == ("s1", False)
    told.beat("s1", later(seconds=60))
    told.delivered(claimed(told, later(seconds=60)), OK, later(seconds=60), ())
    assert told.due(later(seconds=90)) == ("s1", True)
    told.ended("s1", ())
    assert told.due(later(days=1)) is None
    assert told.subscribed(["s1"])["s1"].standing is Standing.OFF


def test_notifications_are_none_of_the_couriers_of_cases(
    database: Database, desk: IntakeDesk, told: Notifications
) -> None:
    take(desk, wishes=(wish(),))
    assert Deliveries(database, LEASE).claim(AT) is None
    assert claimed(told).case_id == ""
