"""The courier against a small real archive: one object there, one delivered row here, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from conformance.peers.archive_faults import ArchiveFault, Trouble
from conformance.peers.pacs import Pacs
from server.model import Promise
from server.store.deliveries import Deliveries
from server.worker import DeliveryWorker
from tests.dicom.send.conftest import HOURS, LETS_GO, Open, Sender, to
from tests.dicom.send.objects import CAPTURE, document, part10, uid

pytestmark = LETS_GO


def wait_until(holds: Callable[[], bool], patience: float = 10.0) -> None:
    until = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


def settle(sending: DeliveryWorker, sender: Sender, document: str = "d1") -> None:
    """Work until it is delivered; a report may come during an attempt, or after it."""

    def delivered() -> bool:
        sending.once()
        return sender.row(document).state == "delivered"

    wait_until(delivered)


def states(sender: Sender) -> list[Promise]:
    return [each.state for each in sender.commitments.of("d1")]


def once(sender: Sender, pacs: Pacs, commitment: timedelta | None = HOURS, **more: float) -> None:
    assert sender.worker(to(pacs, commitment, **more)).once()


def data_set(content: bytes) -> bytes:
    return content[144 + int.from_bytes(content[140:144], "little") :]


# -- what goes well ------------------------------------------------------------------------


def test_what_is_committed_at_once_is_delivered_at_once(sender: Sender, archive: Open) -> None:
    pacs = archive(same_association=True)
    sender.queue(document())
    once(sender, pacs)
    assert (sender.state, sender.outcome) == ("delivered", "committed, status 0000")
    wait_until(lambda: [each[1] for each in pacs.reports] == [0])


def test_a_report_on_an_association_of_its_own_wakes_the_delivery(sender: Sender, archive: Open) -> None:
    pacs = archive()
    pacs.may_report.clear()
    sender.linger = 0.0
    sender.queue(document())
    once(sender, pacs)
    assert sender.state == "sent"
    pacs.may_report.set()
    wait_until(lambda: [each[1] for each in pacs.reports] == [0])
    once(sender, pacs)
    assert (sender.state, sender.outcome) == ("delivered", "committed, status 0000")
    assert pacs.objects.stores == 1


def test_the_bytes_stay_as_they_are_in_as_many_pdus_as_they_need(sender: Sender, archive: Open) -> None:
    sent = part10(1, CAPTURE, pixels=300_100)
    pacs = archive(same_association=True)
    sender.queue(document(content=sent))
    once(sender, pacs)
    assert sender.state == "delivered"
    assert data_set(pacs.objects.path(uid(1)).read_bytes()) == data_set(sent)


def test_an_archive_that_is_not_asked_is_taken_at_its_word(sender: Sender, archive: Open) -> None:
    pacs = archive()
    sender.queue(document())
    once(sender, pacs, None)
    assert (sender.state, sender.outcome) == ("delivered", "accepted, status 0000")
    assert states(sender) == []


def test_what_follows_does_not_wait_for_an_archive_that_thinks(sender: Sender, archive: Open) -> None:
    pacs = archive()
    sender.linger = 0.0
    pacs.faults.add(ArchiveFault(Trouble.NO_REPORT, count=2))
    sender.queue(document(1), document(2))
    once(sender, pacs)
    once(sender, pacs)
    assert [sender.row(f"d{n}").state for n in (1, 2)] == ["sent", "sent"]
    assert not sender.worker(to(pacs)).once()


# -- lost answers --------------------------------------------------------------------------


@pytest.mark.parametrize(("finds", "stores"), [(True, 1), (False, 2)])
@pytest.mark.parametrize("commitment", [HOURS, None])
def test_an_object_whose_answer_was_lost_is_there_once(
    sender: Sender, archive: Open, finds: bool, stores: int, commitment: timedelta | None
) -> None:
    pacs = archive(same_association=True, offers_find=finds)
    pacs.faults.add(ArchiveFault(Trouble.SILENCE_AFTER, seconds=0.0))
    sender.queue(document())
    once(sender, pacs, commitment)
    assert (sender.state, len(pacs.objects)) == ("waiting", 1)
    sender.forward(seconds=5)
    once(sender, pacs, commitment)
    assert sender.state == "delivered"
    assert (len(pacs.objects), pacs.objects.stores) == (1, stores)
    assert not sender.worker(to(pacs)).once()


@pytest.mark.parametrize("trouble", [Trouble.SILENCE, Trouble.ABORT])
def test_an_object_that_was_lost_goes_out_again(sender: Sender, archive: Open, trouble: Trouble) -> None:
    pacs = archive(same_association=True)
    pacs.faults.add(ArchiveFault(trouble, seconds=0.0))
    sender.queue(document(content=part10(1, CAPTURE, pixels=100_000)))
    once(sender, pacs)
    assert (sender.state, len(pacs.objects)) == ("waiting", 0)
    assert "before it had answered" in sender.outcome
    sender.forward(seconds=5)
    once(sender, pacs)
    assert (sender.state, len(pacs.objects)) == ("delivered", 1)


# -- what an attempt has left there ---------------------------------------------------------


def untouched(sender: Sender) -> bool:
    [waits] = Deliveries(sender.database, HOURS).waiting("c1")
    return waits.untouched


def test_who_is_not_there_has_nothing_of_it(sender: Sender, archive: Open) -> None:
    pacs = archive()
    sender.queue(document())
    pacs.stop()
    once(sender, pacs)
    assert (sender.state, untouched(sender)) == ("waiting", True)


@pytest.mark.parametrize(
    ("status", "nothing"), [(0xA700, True), (0xC001, True), (0x0122, True), (0x0110, False), (0xFFFE, False)]
)
def test_who_refuses_it_has_nothing_of_it_unless_it_failed_halfway(
    sender: Sender, archive: Open, status: int, nothing: bool
) -> None:
    pacs = archive()
    pacs.faults.add(ArchiveFault(Trouble.REFUSE, status=status))
    sender.queue(document())
    once(sender, pacs)
    assert untouched(sender) is nothing


@pytest.mark.parametrize("trouble", [Trouble.SILENCE, Trouble.SILENCE_AFTER, Trouble.ABORT])
def test_of_a_lost_answer_nobody_knows(sender: Sender, archive: Open, trouble: Trouble) -> None:
    pacs = archive()
    pacs.faults.add(ArchiveFault(trouble, seconds=0.0))
    sender.queue(document())
    once(sender, pacs)
    assert (sender.state, untouched(sender)) == ("waiting", False)
    pacs.stop()
    sender.forward(seconds=5)
    once(sender, pacs)
    assert (sender.row().attempts, untouched(sender)) == (2, False)


def test_one_that_was_taken_and_is_not_kept_may_be_there(sender: Sender, archive: Open) -> None:
    pacs = archive(offers_commitment=False)
    sender.queue(document())
    once(sender, pacs)
    assert (sender.state, untouched(sender)) == ("parked", False)


# -- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state", "said"),
    [
        (0xA700, "waiting", "A700: it is out of resources"),
        (0xA9FE, "parked", "A9FE: the object does not match its SOP class"),
        (0xC001, "parked", "C001: it cannot understand the object"),
        (0x0110, "waiting", "0110: it failed"),
        (0x0122, "parked", "0122: it does not take this SOP class"),
        (0x0124, "parked", "0124: it does not let this server in"),
        (0x0777, "waiting", "0777"),
    ],
)
def test_a_refusal_passes_or_waits_for_a_person(
    sender: Sender, archive: Open, status: int, state: str, said: str
) -> None:
    pacs = archive()
    pacs.faults.add(ArchiveFault(Trouble.REFUSE, status=status))
    sender.queue(document())
    once(sender, pacs)
    assert sender.state == state
    assert said in sender.outcome


def test_a_warning_is_a_success_with_a_remark(sender: Sender, archive: Open) -> None:
    pacs = archive()
    pacs.faults.add(ArchiveFault(Trouble.REFUSE_AFTER, status=0xB000))
    sender.queue(document())
    once(sender, pacs, None)
    assert (sender.state, sender.outcome) == ("delivered", "accepted, status B000")


@pytest.mark.parametrize(
    ("trouble", "finds", "state", "said"),
    [
        (Trouble.REFUSE_AFTER, True, "delivered", "found, status 0000"),
        (Trouble.REFUSE, True, "parked", "0111: it knows the UID already, and does not show"),
        (Trouble.REFUSE_AFTER, False, "parked", "0111"),
    ],
)
def test_a_duplicate_counts_when_a_look_finds_it(  # noqa: PLR0917
    sender: Sender, archive: Open, trouble: Trouble, finds: bool, state: str, said: str
) -> None:
    pacs = archive(offers_find=finds)
    pacs.faults.add(ArchiveFault(trouble, status=0x0111))
    sender.queue(document())
    once(sender, pacs, None)
    assert sender.state == state
    assert said in sender.outcome


@pytest.mark.parametrize(
    ("result", "state", "said"), [(1, "parked", "our calling_ae"), (2, "waiting", "congested")]
)
def test_a_rejected_association(sender: Sender, archive: Open, result: int, state: str, said: str) -> None:
    pacs = archive()
    pacs.faults.add(ArchiveFault(Trouble.REJECT, status=result))
    sender.queue(document())
    once(sender, pacs)
    assert sender.state == state
    assert said in sender.outcome


def test_an_archive_that_is_down_is_tried_again(sender: Sender, archive: Open) -> None:
    pacs = archive()
    pacs.stop()
    sender.queue(document())
    once(sender, pacs, timeout=1.0)
    assert (sender.state, sender.outcome) == ("waiting", "the archive cannot be reached")


def test_a_class_that_the_archive_does_not_take_waits_for_a_person(sender: Sender, archive: Open) -> None:
    pacs = archive()
    sender.queue(document(content=part10(1, "1.2.840.10008.5.1.4.1.1.999")))
    once(sender, pacs)
    assert sender.state == "parked"
    assert "does not take this SOP class" in sender.outcome


@pytest.mark.parametrize(
    "content", [b"", b"no object", part10()[:200], part10().replace(b"2.25.5001", b"2.25.500x")]
)
def test_what_is_no_object_is_not_sent(sender: Sender, archive: Open, content: bytes) -> None:
    pacs = archive()
    sender.queue(document(content=content or b"\0"))
    once(sender, pacs)
    assert sender.state == "parked"
    assert "the object cannot be sent" in sender.outcome
    assert pacs.objects.stores == 0


# -- commitment ----------------------------------------------------------------------------


def test_an_archive_without_commitment_waits_for_a_person(sender: Sender, archive: Open) -> None:
    pacs = archive(offers_commitment=False)
    sender.queue(document())
    once(sender, pacs)
    assert sender.state == "parked"
    assert "set commitment to none" in sender.outcome


@pytest.mark.parametrize(("status", "state"), [(0x0110, "waiting"), (0x0213, "waiting"), (0x0122, "parked")])
def test_a_question_that_is_refused(sender: Sender, archive: Open, status: int, state: str) -> None:
    pacs = archive(same_association=True)
    pacs.faults.add(ArchiveFault(Trouble.NOT_ASKED, status=status))
    sender.queue(document())
    once(sender, pacs)
    assert (sender.state, states(sender)) == (state, [Promise.OVER])


def test_an_object_that_the_archive_does_not_have_after_all_goes_out_again(
    sender: Sender, archive: Open
) -> None:
    pacs = archive(same_association=True)
    pacs.faults.add(ArchiveFault(Trouble.NOT_KEPT, status=0x0112))
    sender.queue(document())
    once(sender, pacs)
    assert (sender.state, states(sender)) == ("waiting", [Promise.OVER])
    sender.forward(seconds=5)
    once(sender, pacs)
    assert (sender.state, states(sender)) == ("delivered", [Promise.OVER, Promise.COMMITTED])
    assert (pacs.objects.stores, len(pacs.objects)) == (2, 1)


def test_a_refused_commitment_is_asked_for_anew_when_a_person_sends_again(
    sender: Sender, archive: Open
) -> None:
    pacs = archive()
    sender.linger = 0.0
    pacs.faults.add(ArchiveFault(Trouble.NOT_KEPT, status=0x0119))
    pacs.may_report.clear()
    sender.queue(document())
    once(sender, pacs)
    pacs.may_report.set()
    wait_until(lambda: len(pacs.reports) == 1)
    once(sender, pacs)
    assert sender.state == "parked"
    assert "0119: it has the UID under another SOP class" in sender.outcome
    assert Deliveries(sender.database, HOURS).send_again("d1", sender.now(), HOURS)
    settle(sender.worker(to(pacs)), sender)
    assert (sender.state, pacs.objects.stores) == ("delivered", 1)


def test_a_report_that_does_not_come_is_asked_for_anew(sender: Sender, archive: Open) -> None:
    pacs = archive(same_association=True)
    sender.linger = 0.0
    pacs.faults.add(ArchiveFault(Trouble.NO_REPORT))
    sender.queue(document())
    once(sender, pacs)
    assert (sender.state, sender.row().due_at) == ("sent", sender.now() + HOURS)
    sender.forward(hours=5, minutes=59)
    assert not sender.worker(to(pacs)).once()
    sender.forward(minutes=1)
    sender.linger = 5.0
    once(sender, pacs)
    assert (sender.state, states(sender)) == ("delivered", [Promise.ASKED, Promise.COMMITTED])
    assert pacs.objects.stores == 1


def test_an_archive_that_never_says_it_is_given_up_and_believed_when_it_says_it_late(
    sender: Sender, archive: Open
) -> None:
    pacs = archive()
    sender.linger = 0.0
    pacs.faults.add(ArchiveFault(Trouble.NO_REPORT))
    sender.queue(document(), window=timedelta(hours=2))
    once(sender, pacs)
    assert sender.row().due_at == sender.now() + timedelta(hours=2)
    sender.forward(hours=2)
    once(sender, pacs)
    assert sender.state == "parked"
    assert "is to say whether it keeps it" in sender.outcome
    [asked] = sender.commitments.of("d1")
    assert sender.commitments.heard(asked.transaction, [uid(1)], {}, sender.now())
    once(sender, pacs)
    assert (sender.state, pacs.objects.stores) == ("delivered", 1)


def test_a_destination_that_is_not_configured_is_not_dialled(sender: Sender, archive: Open) -> None:
    pacs = archive()
    sender.queue(document(destination="elsewhere"))
    once(sender, pacs)
    assert (sender.state, sender.outcome) == ("parked", "no such archive is configured")
