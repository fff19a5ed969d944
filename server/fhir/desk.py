"""The desk behind the door: what every interaction needs, and the one way to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from server.accesses import AuditTrail
from server.caller import EVERYBODY, Caller, Deed
from server.errors import Category, fault
from server.fhir.access import Rights
from server.fhir.admission import Admission
from server.fhir.asked import Answered, Asked
from server.fhir.audit.witness import Witness
from server.fhir.bindings import READABLE
from server.fhir.exchange import Request
from server.fhir.guard import Guard
from server.fhir.plan import Plan, Planner
from server.fhir.query.asker import Asker
from server.fhir.query.controls import Sizes
from server.fhir.rules import WRITABLE
from server.fhir.seen import Seen
from server.fhir.subscriptions.addresses import Reachable
from server.fhir.subscriptions.enrolment import Enrolment
from server.fhir.veil import under_seal, visible
from server.notices import Notices
from server.ports import Arrival, Completing, Intakes, Raced, Seals, Shelf, Stored, Withdrawals
from server.query import ALWAYS, NEVER, AllOf, Test

_PLANS = 10


@dataclass(frozen=True, slots=True)
class Desk:
    """Shelf to read, intake to write, rules of admission, own address, limits."""

    shelf: Shelf
    intakes: Intakes
    seals: Seals
    withdrawals: Withdrawals
    completing: Completing
    admission: Admission
    notices: Notices
    trail: AuditTrail
    reachable: Reachable
    base: str
    max_resource: int
    max_bundle: int
    max_entries: int
    sizes: Sizes = Sizes()
    max_included: int = 1_000
    caller: Caller = EVERYBODY
    witness: Witness | None = None
    """Who sees what this caller's present request touches; without one nothing is written."""
    final_address: Callable[[str], str] | None = None
    """Where a specialist who completes this Task may be asked for the final answer; None: nowhere."""
    secured: bool = False
    """Whether callers are told apart."""

    def of(self, caller: Caller, witness: Witness) -> Desk:
        """The desk as this caller finds it: what they may not see is not on its shelf."""
        mine = replace(self, caller=caller, witness=witness)
        return mine if mine.rights.unbounded else replace(mine, shelf=Seen(self.shelf, mine.rights))

    @property
    def rights(self) -> Rights:
        return Rights(self.caller, self.base)

    @property
    def whole(self) -> Shelf:
        """All that is here, seen by this caller or not."""
        return self.shelf.shelf if isinstance(self.shelf, Seen) else self.shelf

    @property
    def guard(self) -> Guard:
        return Guard(self.rights, self.whole)

    def asker(self, request: Request) -> Asker:
        """Who searches, and what they may see."""
        return Asker(self.base, request.at, self._visible)

    def _visible(self, type_: str) -> Test | None:
        allowed, unsealed = self.rights.sees(type_, Deed.SEARCH), visible(type_, self.caller)
        if allowed == NEVER or unsealed is None:
            return None
        both = tuple(each for each in (allowed, unsealed) if each != ALWAYS)
        return both[0] if len(both) == 1 else AllOf(both)

    def may_show(self, stored: Stored) -> bool:
        """Whether it may be told to a caller who has not just sent it: read by them, and not under seal."""
        if under_seal(self.seals, stored):
            return False
        return self.rights.unbounded or self.shelf.read(stored.type, stored.id, stored.version) is not None

    def write(self, arrival: Arrival, asked: Sequence[Asked], at: datetime) -> list[Answered]:
        """Plan and commit; plan anew when somebody else was faster.

        Raises:
            Fault: the plan's refusal, or BUSY after several lost races.
        """
        if self.witness is None:
            raise TypeError("nothing is written unseen")
        for _ in range(_PLANS):
            plan = self.weigh(asked, at)
            accesses = self.witness.wrote(asked, plan.answers)
            if not plan.writes:
                for each in accesses:
                    self.witness.note(each)
                return plan.answers
            try:
                self.intakes.take(plan.intake(arrival, accesses))
            except Raced:
                continue
            return plan.answers
        raise fault(Category.BUSY, "lock-error", "others are writing the same resource; try again")

    def weigh(self, asked: Sequence[Asked], at: datetime) -> Plan:
        """What would be written, as the shelf stands now; nothing is.

        Raises:
            Fault: FORBIDDEN for what the caller may not do; the plan's refusal.
        """
        guard = self.guard
        guard.demand(asked)
        with guard.planning() as shelf:
            enrolment = Enrolment(self.rights, self.notices, self.reachable)
            planner = Planner(shelf, self.seals, self.admission, self.base, enrolment, self._visible)
            plan = planner.plan(asked, at)
        guard.demand_allowed(plan)
        return plan


def readable(type_: str) -> None:
    """Raises Fault(NOT_FOUND) for a type that is not served here."""
    if type_ not in READABLE:
        served = ", ".join(READABLE)
        raise fault(
            Category.NOT_FOUND, "not-supported", f"this resource type is not served here; served: {served}"
        )


def writable(type_: str) -> None:
    """Raises Fault for a type that cannot be written from outside."""
    readable(type_)
    if type_ not in WRITABLE:
        accepted = ", ".join(WRITABLE)
        raise fault(
            Category.NOT_ALLOWED,
            "not-supported",
            f"{type_} is written by this server only; accepted: {accepted}",
        )
