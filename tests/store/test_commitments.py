"""What archives were asked, and what they said: the first answer stands, and nobody sleeps over it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.model import Commitment, Document, Promise, Receipt
from server.ports import DeliveryClaim, LeaseLost, NotYet
from server.store.attempts import PARKED, SENT, WAITING
from server.store.commitments import CommitmentStore
from server.store.database import Database
from server.store.deliveries import Deliveries, DeliveryRow, enqueue, of_case
from tests.store.nouns import AT, LEASE, later, open_case
from tests.store.nouns import document as made

pytestmark = pytest.mark.both_databases
DUE = later(hours=6)
ASKED = Commitment("2.25.1", "d1", "2.25.7", Promise.ASKED, DUE)


@pytest.fixture
def queue(database: Database) -> Deliveries:
    """One case with two documents for one archive; the first is about ``2.25.7``."""
    open_case(database)
    sent: list[Document] = [made("d1", "pacs"), made("d2", "pacs")]
    database.write(lambda c: enqueue(c, "c1", sent, AT, timedelta(days=1)))
    return Deliveries(database, LEASE)


@pytest.fixture
def commitments(database: Database, queue: Deliveries) -> CommitmentStore:
    del queue
    store = CommitmentStore(database)
    store.ask(ASKED, AT)
    return store


def claimed(queue: Deliveries) -> DeliveryClaim:
    claim = queue.claim(AT)
    assert claim is not None
    return claim


def waits(queue: Deliveries, claim: DeliveryClaim) -> None:
    queue.awaits(claim, NotYet("it thinks", DUE, sent=True), DUE, AT)


def row(database: Database, document: str = "d1") -> DeliveryRow:
    return next(r for r in database.read(lambda c: of_case(c, "c1")) if r.document_id == document)


def test_it_is_told_as_it_was_asked(commitments: CommitmentStore) -> None:
    assert commitments.of("d1") == [ASKED]
    assert commitments.of("d2") == []
    commitments.taken("2.25.1", later(hours=9))
    assert commitments.of("d1")[0].due_at == later(hours=9)


@pytest.mark.parametrize(
    ("committed", "failed", "state", "reason"),
    [
        (["2.25.7"], {}, Promise.COMMITTED, None),
        ([], {"2.25.7": 0x0112}, Promise.FAILED, 0x0112),
        (["2.25.7"], {"2.25.7": 0x0110}, Promise.FAILED, 0x0110),
        (["2.25.8"], {"2.25.9": 0x0112}, Promise.ASKED, None),
        ([], {}, Promise.ASKED, None),
    ],
)
def test_what_is_heard(
    commitments: CommitmentStore,
    committed: list[str],
    failed: dict[str, int],
    state: Promise,
    reason: int | None,
) -> None:
    assert commitments.heard("2.25.1", committed, failed, AT)
    [now] = commitments.of("d1")
    assert (now.state, now.reason) == (state, reason)


def test_the_first_answer_stands_however_often_it_is_told(commitments: CommitmentStore) -> None:
    assert commitments.heard("2.25.1", [], {"2.25.7": 0x0112}, AT)
    commitments.over("2.25.1")
    for _ in range(2):
        assert commitments.heard("2.25.1", ["2.25.7"], {}, AT)
    assert commitments.of("d1")[0].state is Promise.OVER


def test_what_nobody_asked_is_not_known(commitments: CommitmentStore) -> None:
    assert not commitments.heard("2.25.99", ["2.25.7"], {}, AT)
    assert commitments.of("d1") == [ASKED]


def test_only_a_failure_is_over(commitments: CommitmentStore) -> None:
    commitments.over("2.25.1")
    assert commitments.of("d1")[0].state is Promise.ASKED


def test_one_that_waits_is_no_failure_and_holds_up_nobody(
    database: Database, queue: Deliveries, commitments: CommitmentStore
) -> None:
    waits(queue, claimed(queue))
    assert (row(database).state, row(database).due_at, row(database).last_outcome) == (SENT, DUE, "it thinks")
    assert claimed(queue).document.id == "d2"
    assert queue.counts() == {SENT: 1, WAITING: 1}
    assert queue.undelivered("c1") == 2
    assert commitments.heard("2.25.1", ["2.25.7"], {}, AT)
    claim = claimed(queue)
    assert (claim.document.id, claim.attempt) == ("d1", 2)
    queue.delivered(claim, Receipt(0, ("2.25.7",), "committed"), AT)
    assert row(database).last_outcome == "committed, status 0000"
    assert queue.undelivered("c1") == 1


@pytest.mark.parametrize(("committed", "failed"), [(["2.25.7"], {}), ([], {"2.25.7": 0x0112})])
def test_what_is_heard_during_the_attempt_is_not_slept_over(
    database: Database,
    queue: Deliveries,
    commitments: CommitmentStore,
    committed: list[str],
    failed: dict[str, int],
) -> None:
    claim = claimed(queue)
    assert commitments.heard("2.25.1", committed, failed, AT)
    waits(queue, claim)
    assert row(database).due_at == AT


def test_a_failure_that_was_acted_upon_wakes_nobody(
    database: Database, queue: Deliveries, commitments: CommitmentStore
) -> None:
    claim = claimed(queue)
    commitments.heard("2.25.1", [], {"2.25.7": 0x0112}, AT)
    commitments.over("2.25.1")
    commitments.ask(Commitment("2.25.2", "d1", "2.25.7", Promise.ASKED, DUE), AT)
    waits(queue, claim)
    assert row(database).due_at == DUE


@pytest.mark.parametrize(
    ("committed", "failed", "state"), [(["2.25.7"], {}, SENT), ([], {"2.25.7": 0x0112}, PARKED)]
)
def test_one_that_was_parked_is_woken_by_good_news_only(  # noqa: PLR0917
    database: Database,
    queue: Deliveries,
    commitments: CommitmentStore,
    committed: list[str],
    failed: dict[str, int],
    state: str,
) -> None:
    queue.failed(claimed(queue), "given up", None, AT)
    commitments.heard("2.25.1", committed, failed, later(hours=30))
    assert row(database).state == state


def test_who_lost_the_lease_does_not_say_that_it_waits(
    database: Database, queue: Deliveries, commitments: CommitmentStore
) -> None:
    del commitments
    claim = claimed(queue)
    assert queue.claim(AT + LEASE + timedelta(seconds=1)) is not None
    with pytest.raises(LeaseLost):
        waits(queue, claim)
    assert row(database).state == WAITING
