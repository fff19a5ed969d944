"""From what a message says to the transaction that makes it so; an empty one where it stands so already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from server.applying import asking, orders
from server.applying.known import Doubt, body
from server.applying.places import Place, Places, places
from server.fhir.parse import parse
from server.fhir.references import pointers
from server.fhir.write import dump
from server.hl7v2.mapping.drafts import REFERENCE, Draft, Order, Story
from server.hl7v2.mapping.updates import issued_later, older, updated
from server.ports import Resource, Shelf

_UNLINK = "ADT^A37"


@dataclass(slots=True)
class Script:
    """What is to be written, and what was left out."""

    entries: list[Resource] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    patients: tuple[str, ...] = ()
    """``Patient/id`` of whom it is about."""
    lacking: str = ""
    """What part of it is about that has not come yet; the rest is done."""

    @property
    def bundle(self) -> Resource:
        return {"resourceType": "Bundle", "type": "transaction", "entry": self.entries}


@dataclass(frozen=True, slots=True)
class Setting:
    """What a message is applied against."""

    shelf: Shelf
    message: str
    """Its id."""
    at: datetime
    newest: Callable[[str], bool]
    """Whether it speaks for the data of ``Patient/id`` (ADT), and nothing newer has."""
    accepted: bool = False
    """A person has said that the patient is who the number says."""


def script(story: Story, setting: Setting) -> Script:
    """Raises:
    Doubt: a person must look first.
    """
    if story.doubts:
        raise Doubt(*story.doubts)
    if story.event == _UNLINK:
        raise Doubt("two records are to be separated again: nobody can tell from them what was whose")
    whole = _with_awaited(story)
    where = places(whole, setting.shelf, setting.message, accepted=setting.accepted)
    made = Script(notes=list(where.notes))
    made.patients = tuple(where.reference(each.name) for each in whole.drafts if each.type == "Patient")
    statuses = {each.name: str(each.resource.get("status", "")) for each in whole.drafts}
    asked = [asking.asked(each, where, statuses, setting.shelf, setting.at) for each in whole.orders]
    lacking = {each.order for each, found in zip(whole.orders, asked, strict=True) if found.lacking}
    _write_all(made, [each for each in whole.drafts if each.name not in lacking], where, setting)
    for found in asked:
        made.entries += found.entries
        made.notes += found.notes
        made.lacking = made.lacking or found.lacking
    return made


def _write_all(made: Script, drafts: Sequence[Draft], where: Places, setting: Setting) -> None:
    """A report before its results: one that is older than what is here takes none of them along."""
    reports = [each for each in drafts if each.type == "DiagnosticReport"]
    late, fresh = set[str](), set[str]()
    for each in reports:
        kept = where.found[each.name].kept
        parts = {str(part["reference"]).removeprefix(REFERENCE) for part in each.resource.get("result", [])}
        if kept is not None and older(body(kept), each):
            late |= parts
        elif kept is not None and issued_later(body(kept), each):
            fresh |= parts
    for draft in drafts:
        if draft.name not in late:
            _write(made, draft, where, setting, later=draft.name in fresh)


def _with_awaited(story: Story) -> Story:
    """Each order that asks us something waits for a report: where the message has none, for one to come."""
    drafts, asked = list(story.drafts), []
    by_name = {each.name: each for each in story.drafts}
    for each in story.orders:
        if each.report is None and each.order and each.patient and _waits(each, by_name[each.order]):
            awaited = orders.awaited_report(each, each.patient, by_name[each.order].resource)
            drafts.append(awaited)
            asked.append(_replaced(each, awaited.name))
        else:
            asked.append(each)
    return Story(
        tuple(drafts), story.merges, tuple(asked), story.event, story.happened_at, story.notes, story.doubts
    )


def _waits(order: Order, request: Draft) -> bool:
    return orders.asks(order) and not orders.stops(order, str(request.resource.get("status", "")))


def _replaced(order: Order, report: str) -> Order:
    return Order(
        order.order, order.question, order.control, order.placer, order.filler, order.accessions,
        order.studies, report, order.patient,
    )  # fmt: skip


def _write(made: Script, draft: Draft, where: Places, setting: Setting, *, later: bool) -> None:
    place = where.found[draft.name]
    settled = Draft(
        draft.name, draft.type, _settled(draft.resource, where), draft.identifiers, draft.cleared, draft.owned
    )
    kept = None if place.kept is None else body(place.kept)
    if kept is not None and draft.type == "Patient" and not setting.newest(place.reference(draft.type)):
        return
    if kept is not None and older(kept, settled, later=later):
        made.notes.append(f"no-downgrade: {draft.type} says less than what is here, or said it earlier")
        return
    after = settled.resource if kept is None else updated(kept, settled, later=later)
    if kept is not None and _same(kept, after):
        return
    made.entries.append(_entry(draft.type, place, after))


def _entry(type_: str, place: Place, resource: Resource) -> Resource:
    request: dict[str, Any] = {"method": "PUT", "url": f"{type_}/{place.id}"}
    if place.kept is None:
        request["ifNoneMatch"] = "*"
    else:
        request["ifMatch"] = f'W/"{place.kept.version}"'
    return {"resource": {**resource, "id": place.id}, "request": request}


def _settled(resource: Resource, where: Places) -> Resource:
    """References to drafts lead to where they stand."""
    made = deepcopy(resource)
    for each in pointers(made):
        if each["reference"].startswith(REFERENCE):
            each["reference"] = where.reference(each["reference"].removeprefix(REFERENCE))
    return made


def _same(kept: Resource, after: Resource) -> bool:
    """As they would be written."""
    return _content(kept) == _content(parse(dump({**after, "id": kept["id"]})))


def _content(resource: Resource) -> Resource:
    return {name: part for name, part in resource.items() if name not in ("meta", "id")}


def stale_after(received_at: datetime) -> datetime:
    """Until when a message waits for what it is about (H-087, H-092)."""
    return received_at + timedelta(hours=24)
