"""A message as a story: who, what was ordered, what was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from server.hl7v2.link import Link
from server.hl7v2.mapping import documents, orders, patients, referrals, reports, specimens, visits
from server.hl7v2.mapping.convert import times
from server.hl7v2.mapping.drafts import REFERENCE, Draft, Json, Merge, Order, Story
from server.hl7v2.mapping.layout import Ordered, Person, Sheet, lay_out
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.results import About, add_results, gathered
from server.hl7v2.message import Message, Segment

_REPORTING = frozenset({"ORU", "OUL"})
_ORDERING = frozenset({"ORM", "OML", "OMI", "OMG"})
_LATEST = timedelta(days=1)
"""How far ahead of ours a sender's clock may be before its word does not count (H-049)."""


def story(message: Message, link: Link, received_at: datetime) -> Story:
    """What ``message`` says. Whatever cannot be read is left out with a note; nothing is raised for it."""
    making = Making(link, received_at)
    sheet = lay_out(message)
    telling = _Telling(message, sheet, making)
    telling.tell()
    return Story(
        drafts=making.drafts,
        merges=tuple(telling.merges),
        orders=tuple(telling.orders),
        event=f"{message.code}^{message.event}",
        happened_at=_happened_at(message, sheet, making),
        notes=making.notes,
        doubts=making.doubts,
    )


class _Telling:
    """The parts of one message, in its order."""

    def __init__(self, message: Message, sheet: Sheet, making: Making) -> None:
        self._message = message
        self._sheet = sheet
        self._making = making
        self._count = 0
        self.merges: list[Merge] = []
        self.orders: list[Order] = []

    def tell(self) -> None:
        if self._message.event == "A37":  # H-100: which record gets back what, no message says
            self._making.doubt("two records are to be taken apart", "PID-3")
        _named_by_document(self._sheet)
        for at, person in enumerate(self._sheet.people, 1):
            self._person(person, "patient" if at == 1 else f"patient-{at}")

    def _person(self, person: Person, name: str) -> None:
        speaks = self._message.code == "ADT"
        found = patients.patient(person, name, self._making, speaks=speaks)
        if found is None:
            self._making.doubt("no patient", "PID")
            return
        name = found
        self.merges += patients.merges(person, name, self._message.event, self._making)
        subject = {"reference": REFERENCE + name}
        visit = visits.visit(person, subject, self._message.event, self._making, speaks=speaks)
        if self._message.code == "REF":
            self._referral(person, name, subject)
        elif self._message.code in (*_REPORTING, *_ORDERING, "MDM"):
            self._orders(person, name, subject, visit)
        if self._sheet.document is not None and self._message.code == "MDM" and name == "patient":
            self._document(self._sheet.document, name, subject, visit)

    def _orders(self, person: Person, name: str, subject: Json, visit: Json | None) -> None:
        known = [orders.numbers(each, self._studies(each), self._making) for each in person.orders]
        known = orders.told_apart(known, self._making)
        roots = Counter(each for numbers in known for each in numbers.root)
        for ordered, numbers in zip(person.orders, known, strict=True):
            self._count += 1
            speaks = self._message.code in _ORDERING
            order: Json | None = None
            if speaks or numbers.identity:
                draft = orders.order(
                    f"order-{self._count}", ordered, numbers, subject, self._making, speaks=speaks
                )
                self._with(draft, ordered, subject, visit, speaks=speaks)
                if speaks and self._making.known("ServiceRequest", draft.identifiers) is not None:
                    self._making.doubt("one number of several orders", "OBR-2")
                order = self._making.add(draft)
            report = None
            if self._message.code in _REPORTING:
                shared = any(roots[each] > 1 for each in numbers.root)
                place = reports.Place(
                    self._count, subject, order, visit, numbers, shared, self._message.header
                )
                report = reports.report(ordered, place, self._making)
            self._ordered(ordered, numbers, order, report, name)

    def _with(
        self, draft: Draft, ordered: Ordered, subject: Json, visit: Json | None, *, speaks: bool
    ) -> None:
        """The visit; what the order is about: specimens, and answers that were asked for with it."""
        if visit is not None:
            draft.resource["encounter"] = visit
        if not speaks:
            return
        if taken := specimens.specimens(ordered, self._count, subject, self._making):
            draft.resource["specimen"] = taken
        about = About(next(iter(draft.identifiers), None), subject, visit=visit)
        lined = gathered(ordered.results)
        if told := add_results(lined, f"information-{self._count}", about, self._making):
            draft.resource["supportingInfo"] = told

    def _studies(self, ordered: Ordered) -> list[Segment]:
        return self._sheet.studies if len(self._sheet.studies) == 1 else ordered.studies

    def _ordered(
        self, ordered: Ordered, numbers: orders.Numbers, order: Json | None, report: str | None, patient: str
    ) -> None:
        self.orders.append(
            Order(
                order=None if order is None else order["reference"].removeprefix(REFERENCE),
                question=orders.question(ordered, self._making),
                control="" if ordered.orc is None else ordered.orc.text(1).strip(),
                placer=numbers.placer,
                filler=numbers.filler,
                accessions=numbers.accessions,
                studies=numbers.studies,
                report=report,
                patient=patient,
            )
        )

    def _referral(self, person: Person, name: str, subject: Json) -> None:
        obrs = [each for each in person.orders if each.obr is not None]
        plain = next((each for each in obrs if not each.results), None)
        asked = plain or next(iter(obrs), None)
        code = (
            referrals.asked(asked.obr, self._making) if asked is not None and asked.obr is not None else None
        )
        draft = referrals.referral(self._sheet, code, subject, self._message.event, self._making)
        order = self._making.add(draft)
        kinds = {kind: orders.of_kind(draft.resource, kind) for kind in ("PLAC", "FILL")}
        numbers = orders.Numbers(kinds["PLAC"], kinds["FILL"], (), ())
        self._ordered(asked or Ordered(), numbers, order, None, name)

    def _document(self, txa: Segment, name: str, subject: Json, visit: Json | None) -> None:
        order = None
        if self.orders and self.orders[0].order is not None:
            order = {"reference": REFERENCE + self.orders[0].order}
        about = About(None, subject, order, visit)
        report = documents.document(txa, self._sheet.results, about, self._message.header, self._making)
        if self.orders:
            self.orders[0] = replace(self.orders[0], report=report)
        else:
            self.orders.append(Order(None, None, "", (), (), (), (), report, name))


def _named_by_document(sheet: Sheet) -> None:
    """TXA-14 and TXA-15 name the order; before 2.6 a document has no ORC and OBR (section 9.6.2)."""
    txa = sheet.document
    if txa is None or not sheet.people or sheet.people[0].orders or not (txa.text(14) or txa.text(15)):
        return
    obr = Segment("OBR", ((), txa.repetitions(14), txa.repetitions(15)), txa.line)
    sheet.people[0].orders.append(Ordered(obr=obr))


def _happened_at(message: Message, sheet: Sheet, making: Making) -> datetime:
    """H-049, H-101."""
    said = [(sheet.event.text(2), "EVN-2")] if sheet.event is not None else []
    for text, where in (*said, (message.header.text(7), "MSH-7")):
        found = times.moment(text, making)
        if found is not None and found <= making.received_at + _LATEST:
            return found
        if text.strip():
            making.note("time is none or lies ahead, not used", where)
    return making.received_at
