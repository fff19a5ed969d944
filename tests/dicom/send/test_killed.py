"""A worker that dies in the middle of a delivery: one object there, one delivered row here, all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from server.dicom.send.courier import PacsCourier
from server.model import Commitment
from server.ports import NotYet
from server.store.commitments import CommitmentStore
from server.store.deliveries import Deliveries
from tests.dicom.send.conftest import LETS_GO, Open, Sender, no_web, to
from tests.dicom.send.objects import document
from tests.dicom.send.test_courier import settle

pytestmark = LETS_GO
LEASE = timedelta(minutes=2)


class Killed(BaseException):
    """Nothing catches it, and nothing is written after it."""


class DiesBeforeAsking(CommitmentStore):
    """It is stored there, and nobody has noted anything here."""

    def ask(self, asked: Commitment, at: datetime) -> None:
        del asked, at
        raise Killed


class DiesBeforeSendingTheQuestion(CommitmentStore):
    """The transaction is laid down, and the archive never hears of it."""

    def ask(self, asked: Commitment, at: datetime) -> None:
        super().ask(asked, at)
        raise Killed


class DiesAfterTheQuestion(CommitmentStore):
    """The archive was asked, and its report comes while nobody works on the delivery."""

    def taken(self, transaction: str, due_at: datetime) -> None:
        super().taken(transaction, due_at)
        raise Killed


@pytest.mark.parametrize("dies", [DiesBeforeAsking, DiesBeforeSendingTheQuestion, DiesAfterTheQuestion])
def test_who_takes_over_goes_on_where_it_ended(
    sender: Sender, archive: Open, dies: Callable[..., CommitmentStore]
) -> None:
    pacs = archive()
    sender.queue(document())
    queue = Deliveries(sender.database, LEASE)
    claim = queue.claim(sender.now())
    assert claim is not None
    doomed = PacsCourier([to(pacs)], dies(sender.database), no_web, sender.now, 0.0)
    with pytest.raises(Killed):
        doomed.deliver(claim.document, claim.attempt)
    assert sender.state == "waiting"
    sending = sender.worker(to(pacs))
    assert not sending.once()
    sender.forward(minutes=3)
    settle(sending, sender)
    assert (len(pacs.objects), pacs.objects.stores) == (1, 1)
    assert not sending.once()


def test_two_that_send_at_once_make_one_object(sender: Sender, archive: Open) -> None:
    """The lease of one that hangs has ended; it wakes up and goes on, and may not say how it went."""
    pacs = archive()
    sender.queue(document())
    queue = Deliveries(sender.database, LEASE)
    slow = queue.claim(sender.now())
    assert slow is not None
    sender.forward(minutes=3)
    settle(sender.worker(to(pacs)), sender)
    courier = PacsCourier([to(pacs, None)], sender.commitments, no_web, sender.now, 0.0)
    try:
        courier.deliver(slow.document, slow.attempt)
    except NotYet:
        pytest.fail("it was not asked to commit")
    assert (sender.state, len(pacs.objects)) == ("delivered", 1)
