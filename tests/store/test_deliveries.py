"""Deliveries: each lane in order, every attempt kept, nobody reports on a delivery that is not theirs."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from server.model import Document, PacsKind, Receipt
from server.ports import DeliveryClaim, LeaseLost
from server.store.attempts import DELIVERED, PARKED, WAITING
from server.store.database import Database
from server.store.deliveries import Deliveries, enqueue, of_case
from server.store.ledger import Ledger
from server.store.tables import attempt, document
from tests.store.nouns import AT, LEASE, later, open_case
from tests.store.nouns import document as made

PROOF = Receipt(201, ("Task/1/_history/1",), "accepted")
WINDOW = timedelta(hours=1)


@pytest.fixture
def queue(database: Database) -> Deliveries:
    """The queue with one open case, ``c1``."""
    open_case(database)
    return Deliveries(database, LEASE)


def put(database: Database, *documents: Document, case: str = "c1", at: datetime = AT) -> None:
    database.write(lambda c: enqueue(c, case, documents, at, WINDOW))


def claimed(queue: Deliveries, at: datetime = AT) -> DeliveryClaim:
    claim = queue.claim(at)
    assert claim is not None
    return claim


def states(database: Database, case: str = "c1") -> list[tuple[str, str]]:
    return [(each.document_id, each.state) for each in database.read(lambda c: of_case(c, case))]


def test_a_claim_holds_the_document_as_it_was_stored(database: Database, queue: Deliveries) -> None:
    sent = Document("d1", "opinion", "ehr", "application/fhir+json", "ü".encode())
    put(database, sent)
    claim = claimed(queue)
    assert claim.document == sent
    assert (claim.case_id, claim.attempt, claim.give_up_at) == ("c1", 1, AT + WINDOW)
    row = database.read(lambda c: c.execute(select(document)).one())
    assert row.digest == hashlib.sha256(sent.content).hexdigest()


def test_one_lane_is_delivered_in_order(database: Database, queue: Deliveries) -> None:
    put(database, made("d1"), made("d2"))
    put(database, made("d3"), at=later(minutes=-1))  # due earlier, but written later
    for expected in ("d1", "d2", "d3"):
        claim = claimed(queue)
        assert claim.document.id == expected
        assert queue.claim(AT) is None
        queue.delivered(claim, PROOF, AT)
    assert queue.claim(AT) is None
    assert queue.undelivered("c1") == 0


@pytest.mark.parametrize("kind", [PacsKind.KEY_OBJECTS, PacsKind.CAPTURE])
def test_a_refused_report_keeps_no_rejection_note_from_its_archive(
    database: Database, queue: Deliveries, kind: PacsKind
) -> None:
    """The map is there already, and would be shown on; nothing else goes past what is parked."""
    last = Document("d3", kind.value, "pacs", "application/dicom", b"")
    parts = [Document(f"d{at}", "map", "pacs", "application/dicom", b"") for at in (1, 2)]
    put(database, *parts, last)
    queue.delivered(claimed(queue), PROOF, AT)
    report = claimed(queue)
    assert queue.claim(AT) is None, "while the report is under way, it comes first"
    queue.failed(report, "the archive says 0122", None, AT)
    claim = queue.claim(AT)
    assert (claim is not None) == (kind is PacsKind.KEY_OBJECTS)


@pytest.mark.parametrize("how", ["waiting for its next attempt", "parked"])
def test_a_stopped_lane_holds_up_no_other(database: Database, queue: Deliveries, how: str) -> None:
    open_case(database, "c2")
    put(database, made("d1"), made("d2"), made("elsewhere", "pacs"))
    put(database, made("of-c2"), case="c2", at=later(seconds=1))
    queue.failed(claimed(queue), "no", None if how == "parked" else later(days=1), AT)
    at = later(minutes=1)
    assert [claimed(queue, at).document.id for _ in range(2)] == ["elsewhere", "of-c2"]
    assert queue.claim(at) is None
    assert queue.undelivered("c1") == 3


def test_nothing_is_tried_before_it_is_due(database: Database, queue: Deliveries) -> None:
    put(database, made())
    assert queue.claim(later(microseconds=-1)) is None
    queue.failed(claimed(queue), "no", later(minutes=1), AT)
    assert queue.claim(later(seconds=59)) is None
    assert claimed(queue, later(minutes=1)).attempt == 2


def test_a_receipt_is_proof_and_wakes_the_case(database: Database, queue: Deliveries) -> None:
    put(database, made())
    at = later(minutes=5)
    queue.delivered(claimed(queue), PROOF, at)
    [row] = database.read(lambda c: of_case(c, "c1"))
    assert (row.state, row.due_at, row.delivered_at) == (DELIVERED, None, at)
    assert row.last_outcome == "accepted, HTTP 201"
    stored = database.read(lambda c: c.exec_driver_sql("SELECT receipt FROM delivery").scalar_one())
    assert json.loads(stored) == {
        "status": 201,
        "locations": ["Task/1/_history/1"],
        "how": "accepted",
        "told": [],
    }
    woken = Ledger(database, LEASE).find("c1")
    assert woken is not None
    assert (woken.due_at, woken.news) == (at, 1)


def test_every_attempt_is_kept(database: Database, queue: Deliveries) -> None:
    put(database, made())
    queue.failed(claimed(queue), "down", later(minutes=1), AT)
    queue.failed(claimed(queue, later(minutes=1)), "refused", None, later(minutes=1))
    queue.send_again("d1", later(minutes=2), WINDOW)
    queue.delivered(claimed(queue, later(minutes=2)), PROOF, later(minutes=3))
    rows = database.read(lambda c: c.execute(select(attempt).order_by(attempt.c.number)).all())
    assert [(r.number, r.outcome, r.detail, r.at) for r in rows] == [
        (1, "failed", "down", AT),
        (2, "parked", "refused", later(minutes=1)),
        (3, "delivered", "accepted, HTTP 201", later(minutes=3)),
    ]
    [row] = database.read(lambda c: of_case(c, "c1"))
    assert row.attempts == 3


def test_a_parked_delivery_waits_for_a_person_who_gives_it_new_time(
    database: Database, queue: Deliveries
) -> None:
    put(database, made())
    queue.failed(claimed(queue), "refused", None, AT)
    assert queue.claim(later(days=1_000)) is None
    [parked] = queue.listed(PARKED)
    assert (parked.document_id, parked.last_outcome, parked.due_at) == ("d1", "refused", None)
    assert queue.send_again("d1", later(days=2), WINDOW)
    assert queue.listed(PARKED) == []
    claim = claimed(queue, later(days=2))
    assert (claim.attempt, claim.give_up_at) == (2, later(days=2) + WINDOW)


def test_only_what_is_parked_is_sent_again(database: Database, queue: Deliveries) -> None:
    put(database, made())
    assert not queue.send_again("nobody", AT, WINDOW)
    assert not queue.send_again("d1", AT, WINDOW)
    queue.delivered(claimed(queue), PROOF, AT)
    assert not queue.send_again("d1", AT, WINDOW)
    assert states(database) == [("d1", DELIVERED)]


def test_a_courier_that_lost_its_lease_reports_nothing(database: Database, queue: Deliveries) -> None:
    put(database, made())
    first = claimed(queue)
    assert queue.claim(AT + LEASE) is None
    second = claimed(queue, later(seconds=61))
    assert (second.attempt, second.document) == (2, first.document)
    for report in (
        lambda: queue.delivered(first, PROOF, later(seconds=61)),
        lambda: queue.failed(first, "no", None, later(seconds=61)),
    ):
        with pytest.raises(LeaseLost):
            report()
    assert states(database) == [("d1", WAITING)]
    assert database.read(lambda c: c.execute(select(attempt)).all()) == []
    queue.delivered(second, PROOF, later(seconds=62))
    assert states(database) == [("d1", DELIVERED)]


def test_a_delivery_cannot_be_reported_twice(database: Database, queue: Deliveries) -> None:
    put(database, made())
    claim = claimed(queue)
    queue.delivered(claim, PROOF, AT)
    with pytest.raises(LeaseLost):
        queue.failed(claim, "no", None, AT)
    assert states(database) == [("d1", DELIVERED)]


def test_what_is_counted_for_the_metrics(database: Database, queue: Deliveries) -> None:
    assert queue.counts() == {}
    put(database, made("d1"), made("d2"), made("d3", "pacs"))
    queue.delivered(claimed(queue), PROOF, AT)
    queue.failed(claimed(queue), "no", None, AT)
    assert queue.counts() == {DELIVERED: 1, PARKED: 1, WAITING: 1}
