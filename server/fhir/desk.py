"""The desk behind the door: what every interaction needs, and the one way to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.errors import Category, fault
from server.fhir.admission import Admission
from server.fhir.asked import Answered, Asked
from server.fhir.bindings import KEPT
from server.fhir.exchange import Request
from server.fhir.plan import Plan, Planner
from server.fhir.query.asker import Asker
from server.fhir.query.controls import Sizes
from server.fhir.rules import WRITABLE
from server.fhir.veil import visible
from server.ports import Arrival, Intake, Intakes, Raced, Seals, Shelf

_PLANS = 10


@dataclass(frozen=True, slots=True)
class Desk:
    """Shelf to read, intake to write, rules of admission, own address, limits."""

    shelf: Shelf
    intakes: Intakes
    seals: Seals
    admission: Admission
    base: str
    max_resource: int
    max_bundle: int
    max_entries: int
    sizes: Sizes = Sizes()
    max_included: int = 1_000

    def asker(self, request: Request) -> Asker:
        """Who searches, and what they may see."""
        return Asker(self.base, request.at, visible)

    def write(self, arrival: Arrival, asked: Sequence[Asked], at: datetime) -> list[Answered]:
        """Plan and commit; plan anew when somebody else was faster.

        Raises:
            Fault: the plan's refusal, or BUSY after several lost races.
        """
        for _ in range(_PLANS):
            plan = self.weigh(asked, at)
            if not plan.writes:
                return plan.answers
            try:
                self.intakes.take(
                    Intake(arrival, tuple(plan.writes), tuple(plan.absent), tuple(plan.openings))
                )
            except Raced:
                continue
            return plan.answers
        raise fault(Category.BUSY, "lock-error", "others are writing the same resource; try again")

    def weigh(self, asked: Sequence[Asked], at: datetime) -> Plan:
        """What would be written, as the shelf stands now; nothing is.

        Raises:
            Fault: the plan's refusal.
        """
        with self.shelf.snapshot() as shelf:
            return Planner(shelf, self.seals, self.admission, self.base).plan(asked, at)


def readable(type_: str) -> None:
    """Raises Fault(NOT_FOUND) for a type that is not served here."""
    if type_ not in KEPT:
        served = ", ".join(KEPT)
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
