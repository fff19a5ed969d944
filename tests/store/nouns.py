"""Values that the store's tests put in."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from server.case import Event, Position, State
from server.model import Document
from server.ports import (
    Arrival,
    Entry,
    Intake,
    Opening,
    Progress,
    ResourceWrite,
)
from server.query import TokenRow
from server.store.database import Database
from server.store.intake import IntakeDesk
from server.store.tables import arrival as arrivals
from server.store.vault import Vault

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
PATIENT = "Patient/p1"


def later(**span: float) -> datetime:
    return AT + timedelta(**span)


def arrival(id_: str = "a1", body: bytes = b"{}", at: datetime = AT) -> Arrival:
    return Arrival(id_, "fhir", "create", at, body, hashlib.sha256(body).hexdigest())


def write(id_: str = "p1", version: int = 1, **more: Any) -> ResourceWrite:
    given: dict[str, Any] = {
        "type": "Patient",
        "updated_at": AT,
        "body": f'{{"version": {version}}}'.encode(),
        "index": (),
        "patient": None,
        **more,
    }
    return ResourceWrite(id=id_, version=version, **given)


def token(param: str, value: str, system: str = "urn:s") -> TokenRow:
    return TokenRow(param, system, value)


def opening(case_id: str = "c1", patient: str = PATIENT) -> Opening:
    return Opening(
        case_id=case_id,
        question="bacterial-meningitis",
        task_id=f"task-{case_id}",
        patient=patient,
        report=f"DiagnosticReport/of-{case_id}",
        destination="ehr",
        task_identifier={"system": "https://ehr.example/task", "value": case_id},
        due_by=None,
    )


class _NoVault(Vault):
    """Small bodies stand in their rows."""

    def __init__(self) -> None:
        pass

    def put(self, content: bytes) -> str:
        raise AssertionError(f"{len(content)} bytes for the vault")


def desk(database: Database) -> IntakeDesk:
    return IntakeDesk(database, _NoVault())


def open_case(database: Database, case_id: str = "c1", at: datetime = AT, patient: str = PATIENT) -> None:
    """One case, opened by an arrival of its own."""
    desk(database).take(Intake(arrival(f"of-{case_id}", at=at), (), openings=(opening(case_id, patient),)))


def document(id_: str = "d1", destination: str = "ehr") -> Document:
    return Document(id_, "opinion", destination, "application/fhir+json", id_.encode())


def complete(due_at: datetime | None = AT, *documents: Document, **more: Any) -> Progress:
    """The step from received to ready."""
    return Progress(
        entries=(Entry(Event.FOUND_COMPLETE, "second-reader"),),
        position=Position(State.READY),
        due_at=due_at,
        documents=documents,
        deliver_for=timedelta(hours=1),
        **more,
    )


def row(id_: str) -> dict[str, object]:
    """One row of the table of arrivals."""
    return {
        "id": id_,
        "door": "fhir",
        "interaction": "create",
        "received_at": AT,
        "digest": "0" * 64,
        "size": 0,
        "body": b"",
    }


def ids(database: Database) -> list[str]:
    """Of all arrivals."""
    return database.read(lambda c: list(c.execute(select(arrivals.c.id).order_by(arrivals.c.seq)).scalars()))
