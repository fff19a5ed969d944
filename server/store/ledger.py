"""The ledger of cases: claim one, carry it one step, commit all of the step or nothing.

The queue is the table of cases itself, so that an act and its consequence commit together.
A lease is fenced by its token: a worker that lost it cannot write any more.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Row, and_, func, literal, or_, select, update
from sqlalchemy import case as sql_case

from server.arbitration import Dissent, Kept
from server.case import FOLLOWED, Event, Position, State, advance
from server.completeness import Called
from server.model import Track, Withdrawal
from server.ports import CaseRow, Claim, Entry, LeaseLost, Progress
from server.store import chain, decision, deliveries, offers, resources, seals
from server.store.accesses import note
from server.store.case_view import CaseView, view
from server.store.caserow import case_of, find
from server.store.columns import Instant
from server.store.database import Database
from server.store.facts import lay_down
from server.store.images import wait_for
from server.store.inquiries import ask
from server.store.keeping import keep as keep_beside
from server.store.subscriptions import DEAF, Subscriptions
from server.store.tables import cases, fact
from server.store.undelivered import take_back

T = TypeVar("T")


class Ledger:
    """Cases, their facts and their events."""

    def __init__(self, database: Database, lease: timedelta, subscribers: Subscriptions = DEAF) -> None:
        self._database = database
        self._lease = lease
        self._subscribers = subscribers

    def claim(self, at: datetime) -> Claim | None:
        """Take the case that has been due longest, or None."""
        if not self._database.read(lambda connection: _anything_due(connection, at)):
            return None
        token = str(uuid.uuid4())
        row = self._database.write(lambda connection: _claim(connection, at, at + self._lease, token))
        return None if row is None else Claim(case_of(row), token)

    def commit(self, claim: Claim, progress: Progress, at: datetime, *, keep: bool) -> CaseRow:
        """Write one step's outcome under the claim's lease; returns the case as it now stands.

        ``keep`` holds on to the lease, to carry the same case further at once.

        Raises:
            LeaseLost: another worker has taken the case over.
            Raced: a resource that the step read has changed meanwhile.
        """
        until = at + self._lease if keep else None

        def work(connection: Connection) -> CaseRow:
            case = _commit(connection, claim, progress, at, until)
            self._subscribers.heard(connection, progress.writes, at)
            return case

        return self._database.write(work)

    def release(self, claim: Claim, due_at: datetime | None, at: datetime) -> None:
        """Nothing happened: give the case back, to be looked at again at ``due_at``."""
        self._database.write(lambda c: _release(c, claim, due_at, at))

    def failed(self, claim: Claim, due_at: datetime, error: str) -> None:
        """A step failed: count it and try again at ``due_at``."""
        self._database.write(lambda c: _failed(c, claim, due_at, error))

    def resume(self, case_id: str, actor: str, at: datetime) -> CaseRow | None:
        """Put a held or faulted case back to where it stood; None when there is no such case."""
        return self._database.write(lambda c: decision.decide(c, case_id, Entry(Event.RESUMED, actor), at))

    def hold(self, case_id: str, actor: str, reason: str, at: datetime) -> CaseRow | None:
        """Stop a case that is under way; None when there is no such case."""
        entry = Entry(Event.HELD, actor, {"reason": reason})
        return self._database.write(lambda c: decision.decide(c, case_id, entry, at))

    def vouch(self, case_id: str, actor: str, reason: str, state: str, at: datetime) -> CaseRow | None:
        """Resume a case whose images do not fit its order, because a person says that they are its images."""
        entry = Entry(Event.RESUMED, actor, {"reason": reason, "vouched": True})
        return self._database.write(lambda c: decision.decide(c, case_id, entry, at, ("vouched", state)))

    def call_complete(self, case_id: str, called: Called) -> bool | None:
        """Somebody says that a study is complete; False when it was said already, None: no such case.

        Raises:
            IllegalMove: the case does not wait for its study.
        """
        return self._database.write(lambda c: decision.call_complete(c, case_id, called))

    def models(self) -> frozenset[str]:
        """Every model version, ``name@version``, that has read here."""
        return self._database.read(decision.models)

    def end(self, case_id: str, actor: str, reason: str, at: datetime) -> CaseRow | None:
        """End a held or faulted case without a second opinion; None when there is no such case."""
        entry = Entry(Event.ENDED, actor, {"reason": reason})
        return self._database.write(lambda c: decision.decide(c, case_id, entry, at, ("ending", reason)))

    def keep(self, case_id: str, said: Kept) -> CaseRow | None:
        """The physician in charge keeps the first report; None when there is no such case.

        Raises:
            IllegalMove: no answer of the case that says otherwise has been told.
        """
        return self._database.write(lambda c: decision.keep(c, case_id, said))

    def kept(self, case_id: str) -> Kept | None:
        """Who has kept the first report of a case; None when nobody has."""
        return next(iter(self.facts(case_id, "kept", Kept)), None)

    def dissent(self) -> list[Dissent]:
        """Every case in which the physician in charge has kept their own view, latest first."""
        return self._database.read(decision.dissent)

    def withdraw(self, case_id: str, said: Withdrawal) -> CaseRow | None:
        """Withdraw the released opinion of one case; None when there is no such case."""
        return self._database.write(lambda c: decision.withdraw(c, case_id, said))

    def withdraw_model(self, card: str, said: Withdrawal) -> int:
        """Withdraw a model version and its released opinions; returns how many. Raises Raced when it was."""
        return self._database.write(lambda c: decision.withdraw_model(c, card, said))

    def withdrawn(self, card: str) -> Withdrawal | None:
        """Who withdrew a model version, and why; None when nobody did."""
        return self._database.read(lambda c: decision.withdrawn(c, card))

    def find(self, case_id: str) -> CaseRow | None:
        return self._database.read(lambda c: find(c, case_id))

    def view(self, case_id: str) -> CaseView | None:
        return self._database.read(lambda c: view(c, case_id))

    def recent(self, limit: int) -> list[CaseRow]:
        """The latest cases, newest first."""
        query = select(cases).order_by(cases.c.opened_at.desc(), cases.c.id).limit(limit)
        return self._database.read(lambda c: [case_of(row) for row in c.execute(query)])

    def case_of_task(self, task_id: str) -> str | None:
        query = select(cases.c.id).where(cases.c.task_id == task_id)
        return self._database.read(lambda c: c.execute(query).scalar_one_or_none())

    def facts(self, case_id: str, kind: str, type_: type[T]) -> list[T]:
        """All facts of one kind, in order."""
        of = (fact.c.case_id == case_id, fact.c.kind == kind)
        query = select(fact.c.body).where(*of).order_by(fact.c.number)
        bodies = self._database.read(lambda c: [bytes(row[0]) for row in c.execute(query)])
        return [msgspec.json.decode(body, type=type_) for body in bodies]

    def tracks(self, question: str, at: datetime) -> Mapping[str, Track]:
        """By role, what is known here of specialists; of the past year's reads those of one question."""
        return self._database.read(lambda c: offers.tracks(c, question, at))

    def under_seal(self, named: Collection[str], answering: Collection[str] = ()) -> frozenset[str]:
        """``server.ports.Seals``."""
        return self._database.read(lambda c: seals.sealed(c, named, answering))

    def asked_again(self, case_id: str) -> bool:
        return self._database.read(lambda c: seals.asked_again(c, case_id))

    def counts(self) -> dict[str, int]:
        """How many cases stand in each state."""
        query = select(cases.c.state, func.count()).group_by(cases.c.state)
        return self._database.read(lambda c: {row[0]: row[1] for row in c.execute(query)})

    def owed(self) -> dict[str, int]:
        """How many results are owed a person's act; one whose case a person has stopped still is."""
        stands = func.coalesce(cases.c.before, cases.c.state)
        query = select(stands, func.count()).where(stands.in_(FOLLOWED)).group_by(stands)
        return self._database.read(lambda c: {row[0]: row[1] for row in c.execute(query)})

    def overdue(self, at: datetime, by: timedelta) -> int:
        """How many cases have been due for longer than ``by`` without anyone taking them up."""
        query = select(func.count()).where(cases.c.due_at < at - by)
        return self._database.read(lambda c: int(c.execute(query).scalar_one()))


def _free(at: datetime) -> Any:
    return and_(cases.c.due_at <= at, or_(cases.c.lease_until.is_(None), cases.c.lease_until < at))


def _anything_due(connection: Connection, at: datetime) -> bool:
    return connection.execute(select(cases.c.id).where(_free(at)).limit(1)).first() is not None


def _claim(connection: Connection, at: datetime, until: datetime, token: str) -> Row[Any] | None:
    longest_due = (
        select(cases.c.id)
        .where(_free(at))
        .order_by(cases.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)  # whoever takes it up now need not be waited for
    )
    return connection.execute(
        update(cases)
        .where(cases.c.id == longest_due.scalar_subquery())
        .values(lease_token=token, lease_until=until)
        .returning(*cases.c)
    ).one_or_none()


def _commit(
    connection: Connection, claim: Claim, progress: Progress, at: datetime, until: datetime | None
) -> CaseRow:
    position = progress.position
    row = _fenced(
        connection,
        claim,
        state=position.state,
        first=position.first,
        ai=position.ai,
        before=position.before,
        due_at=_due(claim, progress, at),
        lease_token=claim.token if until else None,
        lease_until=until,
        attempts=0,
        last_error=None,
    )
    case_id = claim.case.id
    resources.demand_unchanged(connection, progress.rests_on)
    chain.append(connection, case_id, at, _with_states(claim.case.position, progress.entries))
    resources.apply(connection, progress.writes, None)
    lay_down(connection, case_id, progress.facts, at)
    keep_beside(connection, claim.case, progress, at)
    take_back(connection, progress.taken_back)
    deliveries.enqueue(connection, case_id, progress.documents, at, progress.deliver_for)
    note(connection, progress.accesses)
    wait_for(connection, case_id, progress.awaits)
    ask(connection, case_id, progress.asks)
    return case_of(row)


def _with_states(start: Position, entries: Sequence[Entry]) -> list[tuple[Entry, State]]:
    position, told = start, []
    for entry in entries:
        position = advance(position, entry.event)
        told.append((entry, position.state))
    return told


def _release(connection: Connection, claim: Claim, due_at: datetime | None, at: datetime) -> None:
    _fenced(
        connection,
        claim,
        due_at=_unless_news(claim, due_at, at),
        lease_token=None,
        lease_until=None,
        attempts=0,
        last_error=None,
    )


def _due(claim: Claim, progress: Progress, at: datetime) -> Any:
    """An ended case is never due again; but a closed one hears of news that came while it closed."""
    if progress.due_at is None and progress.position.state is not State.CLOSED:
        return None
    return _unless_news(claim, progress.due_at, at)


def _unless_news(claim: Claim, due_at: datetime | None, at: datetime) -> Any:
    """``due_at``, or at once when something came while the step ran: news must not be slept over."""
    news_came = cases.c.news != claim.case.news
    return sql_case((news_came, literal(at, Instant())), else_=literal(due_at, Instant()))


def _failed(connection: Connection, claim: Claim, due_at: datetime, error: str) -> None:
    _fenced(
        connection,
        claim,
        due_at=due_at,
        lease_token=None,
        lease_until=None,
        attempts=cases.c.attempts + 1,
        last_error=error,
    )


def _fenced(connection: Connection, claim: Claim, **values: Any) -> Row[Any]:
    row = connection.execute(
        update(cases)
        .where(cases.c.id == claim.case.id, cases.c.lease_token == claim.token)
        .values(**values)
        .returning(*cases.c)
    ).one_or_none()
    if row is None:
        raise LeaseLost
    return row
