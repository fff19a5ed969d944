"""Taking in what a door prepared: arrival, resources, cases, all in one flushed commit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Connection, and_, bindparam, insert, literal, or_, select, update

from server.case import START, Event, First, State
from server.model import Heard
from server.ports import Arrival, Entry, Fact, Intake, Method, Opening, Raced
from server.store import chain, locks, references, resources
from server.store.accesses import note
from server.store.cases import asking, goes_on, stirring
from server.store.database import Database
from server.store.facts import count, lay_down
from server.store.policies import opened_under
from server.store.prepared import Prepared
from server.store.subscriptions import DEAF, Subscriptions
from server.store.tables import arrival, cases, resource, search_value
from server.store.vault import Vault

INLINE = 256 * 1024
"""Bytes of an arrival that stand in its row; larger ones are in the vault."""
_ARRIVE = Prepared(insert(arrival).values({c.name: bindparam(c.name) for c in arrival.c if c.name != "seq"}))
_ARRIVED = Prepared(select(arrival.c.seq).where(arrival.c.id == bindparam("id")))
_UNREAD = (State.CLOSED.value, First.NOT_READ.value)
_STIR = stirring(
    lambda case: (
        case.patient == bindparam("of"),
        or_(case.due_at.is_not(None), and_(case.state == _UNREAD[0], case.first == _UNREAD[1])),
    )
)
"""Those that are open; and those that no human has read, as long as they stand on this evidence alone."""
_SIGNED_AS = ("results-interpreter", "performer")
_SIGNED = (
    select(literal("DiagnosticReport/") + resource.c.id)
    .join(search_value, search_value.c.resource_key == resource.c.key)
    .where(
        search_value.c.type == "DiagnosticReport",
        or_(*(search_value.c.param == name for name in _SIGNED_AS)),
        search_value.c.value == bindparam("signer"),
    )
)
_STIR_SIGNED = stirring(lambda case: (case.due_at.is_not(None), case.report.in_(_SIGNED)))
"""Who signed, and for whom, is told by the role as much as by the report."""
_STIR_CLOSED = stirring(lambda case: (case.report == bindparam("about"), case.state == State.CLOSED.value))
"""What comes too late is not forgotten: the closed case notes it."""
_STIR_ANSWERED = stirring(lambda case: (case.task_id == bindparam("task"),))
_MERGE = update(cases).where(cases.c.patient == bindparam("old")).values(patient=bindparam("new"))
_OPEN = Prepared(insert(cases).values({c.name: bindparam(c.name) for c in cases.c}))


class IntakeDesk:
    """The writing side that a door may use (``server.ports.Intakes``)."""

    def __init__(self, database: Database, vault: Vault, subscribers: Subscriptions = DEAF) -> None:
        self._database = database
        self._vault = vault
        self._subscribers = subscribers

    def take(self, intake: Intake) -> None:
        if len(intake.arrival.body) > INLINE:
            self._vault.put(intake.arrival.body)

        def work(connection: Connection) -> None:
            _take(connection, intake)
            self._subscribers.took(connection, intake)

        self._database.write(work)


def _take(connection: Connection, intake: Intake) -> None:
    locks.hold_premises(connection, intake)
    arrive(connection, intake.arrival)
    note(connection, intake.accesses)
    for old, new in intake.merged:
        connection.execute(_MERGE, {"old": old, "new": new})
    _stir_all(connection, intake)  # cases before resources, the order in which a step's commit locks them too
    deletions = [each for each in intake.writes if each.method is Method.DELETE]
    resources.apply(connection, deletions, intake.arrival.id)
    for absent in intake.absent:  # what is deleted by the same request is no longer there
        resources.demand_absent(connection, absent)
    others = [each for each in intake.writes if each.method is not Method.DELETE]
    resources.apply(connection, others, intake.arrival.id)
    for each in deletions:
        references.demand_unneeded(connection, each)
    for opening in intake.openings:
        if asking(connection, opening.report, opening.question) is not None:
            raise Raced
        _open(connection, opening, intake.arrival.received_at, intake.arrival)


def _stir_all(connection: Connection, intake: Intake) -> None:
    at = intake.arrival.received_at
    stir(connection, _told_of(intake), at)
    for write in intake.writes:
        if write.type == "PractitionerRole" and write.version > 1:
            _STIR_SIGNED.run(connection, signer=f"PractitionerRole/{write.id}", at=at)
        if write.type == "DiagnosticReport" and write.version > 1:
            _STIR_CLOSED.run(connection, about=f"DiagnosticReport/{write.id}", at=at)
    for said, task in sorted(intake.upon, key=itemgetter(1)):
        _STIR_ANSWERED.run(connection, task=task, at=at)
        _hear(connection, said, task, at)
    if not all(goes_on(connection, task) for task in sorted(intake.stopping)):
        raise Raced


def _hear(connection: Connection, said: str, task: str, at: datetime) -> None:
    """What is said of a result is about what was told of it by now, whenever it is looked at."""
    case_id = connection.execute(select(cases.c.id).where(cases.c.task_id == task)).scalar_one_or_none()
    if case_id is not None:
        heard = Heard(said, count(connection, case_id, "release"))
        lay_down(connection, case_id, [Fact("heard", count(connection, case_id, "heard") + 1, heard)], at)


def _told_of(intake: Intake) -> set[str]:
    """The patients whose open cases look again; an order that opens its own case is no news to the others."""
    orders = {opening.task_id for opening in intake.openings}
    return {
        write.patient
        for write in intake.writes
        if write.patient and not (write.type == "Task" and write.id in orders)
    }


def arrive(connection: Connection, arrived: Arrival) -> None:
    """Within a commit: what came, as it came; what is larger than ``INLINE`` is in the vault before."""
    if arrived.shared and _ARRIVED.run(connection, id=arrived.id).fetchone() is not None:
        return
    _ARRIVE.run(
        connection,
        id=arrived.id,
        door=arrived.door,
        interaction=arrived.interaction,
        received_at=arrived.received_at,
        digest=arrived.digest,
        size=len(arrived.body),
        body=arrived.body if len(arrived.body) <= INLINE else None,
    )


def stir(connection: Connection, patients: Iterable[str], at: datetime) -> None:
    """Let the open cases of these patients look again; ended ones have no due date and stay asleep."""
    for patient in sorted(patients):
        _STIR.run(connection, of=patient, at=at)


def _open(connection: Connection, opening: Opening, at: datetime, arrived: Arrival) -> None:
    digest, identity = opened_under(connection, opening.question, at) or (None, None)
    detail = {"task": f"Task/{opening.task_id}", "arrival": arrived.id, "digest": arrived.digest}
    if digest is not None:
        detail["policy"] = digest
    entry = Entry(Event.OPENED, actor=f"door:{arrived.door}", detail=detail, policy=identity)
    opened = chain.first(opening.case_id, at, entry, START.state)
    _OPEN.run(
        connection,
        id=opening.case_id,
        question=opening.question,
        task_id=opening.task_id,
        patient=opening.patient,
        report=opening.report,
        destination=opening.destination,
        task_system=opening.task_identifier["system"],
        task_value=opening.task_identifier["value"],
        due_by=opening.due_by,
        opened_at=at,
        state=START.state.value,
        first=START.first.value,
        ai=START.ai.value,
        due_at=at,
        attempts=0,
        news=0,
        head=opened["digest"],
        policy=digest,
        other_model=opening.other_model,
    )
    chain.begin(connection, opened)
