"""Which segments belong together, by their order: what a patient's, an order's, a result's are.

The groups of a structure differ between versions, and hospitals put segments where it has no place for
them (Z segments always). What follows what is the same everywhere, and decides. Prior orders and results
of OML and OMI are history; nothing is made of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from server.hl7v2.message import Group, Message, Segment

_PRIOR = frozenset(
    {"PRIOR_RESULT", "PATIENT_PRIOR", "ORDER_PRIOR", "OBSERVATION_PRIOR", "PATIENT_VISIT_PRIOR"}
)


@dataclass(slots=True)
class Result:
    obx: Segment
    notes: list[Segment] = field(default_factory=list)
    specimen: bool = False
    """It is about the specimen before it."""


@dataclass(slots=True)
class Ordered:
    """One ORC and OBR with what follows them."""

    orc: Segment | None = None
    obr: Segment | None = None
    timings: list[Segment] = field(default_factory=list)
    procedures: list[Segment] = field(default_factory=list)
    """IPC."""
    studies: list[Segment] = field(default_factory=list)
    """ZDS."""
    diagnoses: list[Segment] = field(default_factory=list)
    notes: list[Segment] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)


@dataclass(slots=True)
class Person:
    """One PID with what follows it."""

    pid: Segment | None = None
    merged: list[Segment] = field(default_factory=list)
    """MRG."""
    visit: Segment | None = None
    visit_more: Segment | None = None
    orders: list[Ordered] = field(default_factory=list)


@dataclass(slots=True)
class Sheet:
    """A whole message."""

    people: list[Person] = field(default_factory=list)
    event: Segment | None = None
    referral: Segment | None = None
    providers: list[Segment] = field(default_factory=list)
    document: Segment | None = None
    results: list[Result] = field(default_factory=list)
    """Of the document."""
    studies: list[Segment] = field(default_factory=list)
    """Every ZDS: one alone is meant for all orders of its message (IHE RAD TF-2, RAD-4)."""


def lay_out(message: Message) -> Sheet:
    laying = _Laying()
    for each in sorted((*_present(message.content), *message.extra), key=lambda each: each.line):
        laying.take(each)
    return laying.sheet


def _present(group: Group) -> Iterator[Segment]:
    for each in group.parts:
        if isinstance(each, Segment):
            yield each
        elif each.name not in _PRIOR:
            yield from _present(each)


class _Laying:
    """Where the next segment belongs."""

    def __init__(self) -> None:
        self.sheet = Sheet()
        self._person: Person | None = None
        self._order: Ordered | None = None
        self._result: Result | None = None
        self._noted: list[Segment] | None = None

    def take(self, segment: Segment) -> None:
        handler = getattr(self, f"_{segment.name.lower()}", None)
        if handler is not None:
            handler(segment)
        elif segment.name != "NTE":
            self._noted = None

    def _of_person(self) -> Person:
        if self._person is None:
            self._person = Person()
            self.sheet.people.append(self._person)
        return self._person

    def _of_order(self) -> Ordered:
        if self._order is None:
            self._order = Ordered()
            self._of_person().orders.append(self._order)
        return self._order

    def _evn(self, segment: Segment) -> None:
        self.sheet.event = segment

    def _pid(self, segment: Segment) -> None:
        waiting = self._person is not None and self._person.pid is None
        if not waiting:
            self._person = None
        self._of_person().pid = segment
        self._order = self._noted = None

    def _mrg(self, segment: Segment) -> None:
        self._of_person().merged.append(segment)

    def _pv1(self, segment: Segment) -> None:
        self._of_person().visit = self._of_person().visit or segment

    def _pv2(self, segment: Segment) -> None:
        self._of_person().visit_more = self._of_person().visit_more or segment

    def _orc(self, segment: Segment) -> None:
        self._order = None
        self._of_order().orc = segment
        self._noted = self._of_order().notes

    def _obr(self, segment: Segment) -> None:
        if self._order is not None and self._order.obr is not None:
            self._order = None
        self._of_order().obr = segment
        self._noted = self._of_order().notes

    def _tq1(self, segment: Segment) -> None:
        self._of_order().timings.append(segment)

    def _ipc(self, segment: Segment) -> None:
        self._of_order().procedures.append(segment)

    def _zds(self, segment: Segment) -> None:
        self._of_order().studies.append(segment)
        self.sheet.studies.append(segment)

    def _dg1(self, segment: Segment) -> None:
        if self._order is not None:
            self._order.diagnoses.append(segment)
        self._noted = None

    def _spm(self, segment: Segment) -> None:
        self._of_order().specimens.append(segment)
        self._noted = None

    def _obx(self, segment: Segment) -> None:
        if self.sheet.document is not None:
            result = Result(segment)
            self.sheet.results.append(result)
        elif self._order is not None:
            result = Result(segment, specimen=bool(self._order.specimens))
            self._order.results.append(result)
        else:
            return  # of the patient, in ADT: weight, height
        self._noted = result.notes

    def _nte(self, segment: Segment) -> None:
        if self._noted is not None:
            self._noted.append(segment)

    def _txa(self, segment: Segment) -> None:
        self.sheet.document = segment
        self._order = self._noted = None

    def _rf1(self, segment: Segment) -> None:
        self.sheet.referral = segment

    def _prd(self, segment: Segment) -> None:
        self.sheet.providers.append(segment)
