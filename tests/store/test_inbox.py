"""Messages: kept once, answered alike, applied in the order of their patients."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from server.messages import Heard, MessageClaim, Settled, Standing, Turned, lane_of
from server.ports import LeaseLost
from server.store.database import Database
from server.store.inbox import MessageStore
from server.store.message_tables import message_lane, quarantine
from server.store.vault import Vault

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def inbox(database: Database, tmp_path: Path) -> MessageStore:
    return MessageStore(database, Vault(tmp_path), timedelta(seconds=60))


def heard(control_id: str = "1", text: bytes = b"MSH|", **other: Any) -> Heard:
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "link": "ris",
        "sender": "RIS|DEMO",
        "control_id": control_id,
        "kind": "ORU^R01",
        "structure": "ORU_R01",
        "version": "2.5.1",
        "sent_at": NOW,
        "received_at": NOW,
        "raw": text,
        "digest": hashlib.sha256(text).hexdigest(),
        "lanes": (lane_of("made-up", "1"),),
        "answer": b"MSA|AA|" + control_id.encode(),
    }
    return Heard(**values | other)


def taken(inbox: MessageStore, at: datetime = NOW) -> MessageClaim:
    claim = inbox.claim(at)
    assert claim is not None
    return claim


def test_the_same_message_gets_the_same_answer_and_is_there_once(inbox: MessageStore) -> None:
    first = inbox.keep(heard(answer=b"first"))
    again = inbox.keep(heard(answer=b"second"))
    assert (first.answer, first.repeated) == (b"first", False)
    assert (again.answer, again.repeated) == (b"first", True)
    assert len(inbox.listed([], 10)) == 1


def test_a_control_id_with_other_content_is_a_message_of_its_own_and_flagged(inbox: MessageStore) -> None:
    inbox.keep(heard())
    other = inbox.keep(heard(text=b"MSH|other", answer=b"other"))
    assert (other.answer, other.reused, other.repeated) == (b"other", True, False)
    assert [each.reused for each in inbox.listed([], 10)] == [True, False]


def test_a_link_may_have_reused_control_ids_refused(inbox: MessageStore) -> None:
    inbox.keep(heard())
    other = inbox.keep(heard(text=b"MSH|other"), again=b"AE")
    assert (other.answer, other.reused) == (b"AE", True)
    assert len(inbox.listed([], 10)) == 1
    assert inbox.keep(heard(), again=b"AE").answer == b"MSA|AA|1", "the same bytes are a repeat all the same"


def test_control_ids_of_two_senders_have_nothing_to_do_with_each_other(inbox: MessageStore) -> None:
    inbox.keep(heard())
    assert not inbox.keep(heard(sender="LAB|DEMO")).repeated
    assert not inbox.keep(heard(link="lab")).repeated


@pytest.mark.parametrize("size", [10, 300_000])
def test_what_is_claimed_is_what_came(inbox: MessageStore, size: int) -> None:
    inbox.keep(heard(text=b"M" * size))
    claim = taken(inbox)
    assert claim.raw == b"M" * size
    assert claim.message.kind == "ORU^R01"
    assert inbox.claim(NOW) is None, "it is taken"


def test_messages_of_one_patient_are_applied_in_order_and_others_do_not_wait(inbox: MessageStore) -> None:
    other = (lane_of("made-up", "2"),)
    inbox.keep(heard("1", b"1"))
    inbox.keep(heard("2", b"2"))
    inbox.keep(heard("3", b"3", lanes=other))
    first, third = taken(inbox), taken(inbox)
    assert (first.message.control_id, third.message.control_id) == ("1", "3")
    assert inbox.claim(NOW) is None, "the second waits for the first"
    inbox.settle(first, Settled(Standing.APPLIED), NOW)
    assert taken(inbox).message.control_id == "2"


def test_a_merge_waits_for_both_patients_and_both_wait_for_it(inbox: MessageStore) -> None:
    one, two = lane_of("made-up", "1"), lane_of("made-up", "2")
    inbox.keep(heard("1", b"1", lanes=(one,)))
    inbox.keep(heard("2", b"2", lanes=(one, two), kind="ADT^A40"))
    inbox.keep(heard("3", b"3", lanes=(two,)))
    first = taken(inbox)
    assert inbox.claim(NOW) is None
    inbox.settle(first, Settled(Standing.APPLIED), NOW)
    merge = taken(inbox)
    assert inbox.claim(NOW) is None
    inbox.settle(merge, Settled(Standing.APPLIED), NOW)
    assert taken(inbox).message.control_id == "3"


@pytest.mark.parametrize("standing", [Standing.HELD, Standing.PARKED])
def test_what_is_held_or_parked_holds_up_nothing(inbox: MessageStore, standing: Standing) -> None:
    inbox.keep(heard("1", b"1"))
    inbox.keep(heard("2", b"2"))
    inbox.settle(taken(inbox), Settled(standing, ("a reason",)), NOW)
    assert taken(inbox).message.control_id == "2"


def test_a_faulted_message_holds_up_its_patient_alone_until_a_person_decides(inbox: MessageStore) -> None:
    inbox.keep(heard("1", b"1"))
    inbox.keep(heard("2", b"2"))
    inbox.keep(heard("3", b"3", lanes=()))
    poison = taken(inbox)
    inbox.settle(poison, Settled(Standing.FAULTED, ("an error of ours",)), NOW)
    assert taken(inbox).message.control_id == "3"
    assert inbox.claim(NOW) is None
    [listed] = inbox.listed([Standing.FAULTED], 10)
    assert listed.reasons == ("an error of ours",)
    assert inbox.decide(listed.id, Standing.SET_ASIDE, "somebody: why", NOW)
    assert not inbox.decide(listed.id, Standing.SET_ASIDE, "somebody: why", NOW), "once is enough"
    assert taken(inbox).message.control_id == "2"


def test_a_person_may_have_it_tried_again(inbox: MessageStore) -> None:
    inbox.keep(heard())
    inbox.settle(taken(inbox), Settled(Standing.HELD, ("why",)), NOW)
    assert inbox.claim(NOW + 10 * SECOND) is None
    [listed] = inbox.listed([Standing.HELD], 10)
    assert inbox.decide(listed.id, Standing.WAITING, "somebody: why", NOW)
    assert taken(inbox).message.id == listed.id


def test_what_is_put_off_comes_again_when_it_is_due(inbox: MessageStore) -> None:
    inbox.keep(heard())
    inbox.settle(taken(inbox), Settled(Standing.WAITING, ("busy",), due_at=NOW + 5 * SECOND), NOW)
    assert inbox.claim(NOW + SECOND) is None
    assert taken(inbox, NOW + 5 * SECOND).message.attempts == 1


def test_a_worker_that_lost_its_lease_settles_nothing(inbox: MessageStore) -> None:
    inbox.keep(heard())
    late = taken(inbox)
    soon = taken(inbox, NOW + timedelta(seconds=61))
    with pytest.raises(LeaseLost):
        inbox.settle(late, Settled(Standing.APPLIED), NOW)
    inbox.settle(soon, Settled(Standing.APPLIED, notes=("noted",)), NOW)
    [listed] = inbox.listed([Standing.APPLIED], 10)
    assert listed.notes == ("noted",)
    inbox.keep(heard("2", b"2"))
    assert inbox.counts() == {Standing.WAITING: 1}, "what is done is not counted"
    assert inbox.oldest_waiting() == NOW


def test_when_a_patient_was_last_changed_is_remembered(inbox: MessageStore) -> None:
    def applied(control_id: str, sent_at: datetime, *changed: str) -> datetime | None:
        inbox.keep(heard(control_id, control_id.encode(), kind="ADT^A08", sent_at=sent_at))
        inbox.settle(taken(inbox), Settled(Standing.APPLIED, changed=changed), NOW)
        return inbox.latest("Patient/1")

    assert applied("1", NOW - SECOND, "Patient/1") == NOW - SECOND
    assert applied("2", NOW - 2 * SECOND, "Patient/1") == NOW - SECOND
    assert applied("3", NOW, "Patient/2") == NOW - SECOND
    assert applied("4", NOW + 9 * SECOND, "Patient/1") == NOW, "none is later than it came"


def test_what_is_parked_is_tried_when_something_about_its_patient_has_come(inbox: MessageStore) -> None:
    inbox.keep(heard("1", b"1"))
    inbox.settle(taken(inbox), Settled(Standing.PARKED, ("not here",), due_at=NOW + 3600 * SECOND), NOW)
    inbox.keep(heard("2", b"2", lanes=(lane_of("made-up", "2"),)))
    inbox.settle(taken(inbox), Settled(Standing.APPLIED), NOW)
    assert inbox.claim(NOW) is None, "that was about somebody else"
    inbox.keep(heard("3", b"3"))
    inbox.settle(taken(inbox), Settled(Standing.APPLIED), NOW)
    assert taken(inbox).message.control_id == "1"


def test_lanes_do_not_grow(inbox: MessageStore, database: Database) -> None:
    for number in range(5):
        inbox.keep(heard(str(number), b"%d" % number))
        inbox.settle(taken(inbox), Settled(Standing.APPLIED), NOW)
    count = select(func.count()).select_from(message_lane)
    assert database.read(lambda c: c.execute(count).scalar_one()) == 0


def test_what_is_refused_is_kept_for_a_week(inbox: MessageStore, database: Database) -> None:
    def reasons() -> list[str]:
        return list(database.read(lambda c: c.execute(select(quarantine.c.reason)).scalars()))

    inbox.turn_away(Turned("ris", NOW, b"MSH", b"AR", "first"))
    inbox.turn_away(Turned("ris", NOW + timedelta(days=6), b"MSH", b"AR", "second"))
    assert reasons() == ["first", "second"]
    inbox.turn_away(Turned("ris", NOW + timedelta(days=8), b"MSH" * 10**6, b"AR", "third"))
    assert reasons() == ["second", "third"]
