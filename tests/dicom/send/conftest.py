"""An archive to send to, our own ear for what it reports, and the queue that the courier works for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt

from conformance.peers.pacs import COMMITMENT, Pacs
from server.dicom.send.commitment import told
from server.dicom.send.courier import PacsCourier
from server.model import Destination, DicomNode, Document, PacsDestination, PacsKind
from server.ports import WebLine
from server.store.commitments import CommitmentStore
from server.store.database import Database
from server.store.deliveries import Deliveries, DeliveryRow, enqueue, of_case
from server.worker import DeliveryWorker
from tests.dicom.send.foreign import Foreign
from tests.schema import migrated
from tests.sockets import let_go
from tests.store.nouns import AT, open_case

OURS = "SECONDREADER"
HOURS = timedelta(hours=6)
LETS_GO = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <(socket|ssl)[.]:pytest.PytestUnraisableExceptionWarning"
)
"""pynetdicom closes no socket that its peer has shut down before; it lets go of it."""


@contextmanager
def no_web(_: Destination) -> Iterator[WebLine]:
    raise AssertionError("no archive of these tests speaks DICOMweb")
    yield


def to(
    pacs: Pacs | Foreign, commitment: timedelta | None = HOURS, timeout: float = 10.0, **more: Any
) -> PacsDestination:
    node: dict[str, Any] = {"ae": pacs.ae, "host": pacs.host, "port": pacs.port, "calling_ae": OURS, **more}
    return PacsDestination(
        "pacs", ("ehr",), frozenset(PacsKind), timedelta(seconds=timeout),
        DicomNode(commitment_within=commitment, **node),
    )  # fmt: skip


@dataclass
class Sender:
    """The delivery worker of one case, with a clock that stands still until it is moved."""

    database: Database
    time: datetime = AT
    linger: float = 5.0
    rows: list[DeliveryRow] = field(default_factory=list)

    @property
    def commitments(self) -> CommitmentStore:
        return CommitmentStore(self.database)

    def now(self) -> datetime:
        return self.time

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span)

    def queue(self, *documents: Document, window: timedelta = timedelta(days=3)) -> None:
        self.database.write(lambda c: enqueue(c, "c1", documents, self.time, window))

    def worker(self, archive: PacsDestination) -> DeliveryWorker:
        courier = PacsCourier([archive], self.commitments, no_web, self.now, self.linger)
        return DeliveryWorker(Deliveries(self.database, timedelta(minutes=2)), courier, self.now)

    def row(self, document: str = "d1") -> DeliveryRow:
        rows = self.database.read(lambda c: of_case(c, "c1"))
        return next(each for each in rows if each.document_id == document)

    @property
    def state(self) -> str:
        return self.row().state

    @property
    def outcome(self) -> str:
        return self.row().last_outcome or ""


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    database = Database(migrated(tmp_path / "store.db"))
    open_case(database)
    yield Sender(database)
    database.close()


@pytest.fixture
def ear(sender: Sender) -> Iterator[tuple[str, int]]:
    """Where archives report to: what our own listener will do with an N-EVENT-REPORT."""

    def reported(event: evt.Event) -> tuple[int, None]:
        return told(event.event_information, sender.commitments, sender.now()), None

    entity = AE(OURS)
    entity.add_supported_context(COMMITMENT, scu_role=True, scp_role=True)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, reported)]
    )
    yield "127.0.0.1", server.server_address[1]
    server.shutdown()


Open = Callable[..., Pacs]


@pytest.fixture
def archive(tmp_path: Path, ear: tuple[str, int]) -> Iterator[Open]:
    """Opens an archive that knows where we listen."""
    opened: list[Pacs] = []

    def open_one(**more: Any) -> Pacs:
        opened.append(Pacs(tmp_path / f"pacs-{len(opened)}", callers={OURS: ear}, **more).start())
        return opened[-1]

    yield open_one
    for each in opened:
        each.stop()
    let_go()
