"""Performed procedure steps: what a modality says that it makes and has made (PS3.4 annex F)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite has the same words for what it adds

from server.completeness import Performed, StepChange, StepState, Taken
from server.images import by_accession, by_study
from server.store.cases import stirring
from server.store.completeness_tables import performed_name, performed_step
from server.store.database import Database
from server.store.image_tables import awaited

_WAITING = select(awaited.c.case_id).where(
    awaited.c.name.in_(select(performed_name.c.name).where(performed_name.c.step == bindparam("of")))
)
_STIR = stirring(lambda case: (case.due_at.is_not(None), case.id.in_(_WAITING)))


class PerformedSteps:
    """``server.completeness.Steps``; any process may be told of a step that another one began."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, step: Performed, scheduled: Sequence[tuple[str, str]], peer: str, at: datetime) -> Taken:
        return self._database.write(lambda c: _begin(c, step, scheduled, peer, at))

    def change(self, uid: str, said: StepChange, peer: str, at: datetime) -> Taken:
        return self._database.write(lambda c: _change(c, uid, said, peer, at))

    def about(self, study: str, accessions: Sequence[str]) -> tuple[Performed, ...]:
        return self._database.read(lambda c: about(c, study, accessions))


def about(connection: Connection, study: str, accessions: Sequence[str]) -> tuple[Performed, ...]:
    """Those that name the study; where none does, those of the order's accession numbers."""
    found = _named(connection, [by_study(study)])
    return found or _named(connection, [by_accession(each) for each in accessions])


def _named(connection: Connection, names: Sequence[str]) -> tuple[Performed, ...]:
    query = (
        select(performed_step)
        .where(
            performed_step.c.uid.in_(
                select(performed_name.c.step).where(performed_name.c.name.in_(list(names)))
            )
        )
        .order_by(performed_step.c.begun_at, performed_step.c.uid)
    )
    return tuple(_step(row) for row in connection.execute(query))


def _begin(
    connection: Connection,
    step: Performed,
    scheduled: Sequence[tuple[str, str]],
    peer: str,
    at: datetime,
) -> Taken:
    row = {
        "uid": step.uid,
        "state": step.state.value,
        "reason": step.reason,
        "instances": msgspec.json.encode(step.instances),
        "peer": peer,
        "begun_at": at,
        "changed_at": at,
    }
    made = upsert(performed_step).on_conflict_do_nothing().returning(performed_step.c.uid)
    if connection.execute(made, row).first() is None:
        return Taken.KNOWN
    studies = [by_study(study) for study, _ in scheduled]
    names = dict.fromkeys([*studies, *(by_accession(number) for _, number in scheduled if number)])
    connection.execute(insert(performed_name), [{"name": each, "step": step.uid} for each in names])
    _STIR.run(connection, of=step.uid, at=at)
    return Taken.DONE


def _change(connection: Connection, uid: str, said: StepChange, peer: str, at: datetime) -> Taken:
    query = select(performed_step).where(performed_step.c.uid == uid).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        return Taken.UNKNOWN
    if row.peer != peer:
        return Taken.ANOTHERS
    if row.state != StepState.IN_PROGRESS.value:
        return Taken.OVER
    values: dict[str, Any] = {"changed_at": at}
    if said.state is not None:
        values["state"] = said.state.value
    if said.reason:
        values["reason"] = said.reason
    if said.instances is not None:
        values["instances"] = msgspec.json.encode(said.instances)
    connection.execute(update(performed_step).where(performed_step.c.uid == uid).values(**values))
    _STIR.run(connection, of=uid, at=at)
    return Taken.DONE


def _step(row: Any) -> Performed:
    instances = msgspec.json.decode(bytes(row.instances), type=tuple[str, ...])
    return Performed(row.uid, StepState(row.state), instances, row.reason)
