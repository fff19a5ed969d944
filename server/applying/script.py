"""From what a message says to the transaction that makes it so; an empty one where it stands so already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from server.applying import orders
from server.applying.known import Doubt, body, by_identifiers
from server.applying.places import Place, Places, new_id, places
from server.fhir.parse import parse
from server.fhir.references import pointers
from server.fhir.task_states import CANCELLABLE, ended
from server.fhir.write import dump
from server.hl7v2.mapping.drafts import REFERENCE, Draft, Order, Story
from server.hl7v2.mapping.updates import older, updated
from server.ports import Resource, Shelf, Stored

_UNLINK = "ADT^A37"
UNKNOWN_ORDER = "the order that it stops is not here yet"


class NotHere(Exception):
    """What the message is about has not come yet; it is tried again."""


@dataclass(slots=True)
class Script:
    """What is to be written, and what was left out."""

    entries: list[Resource] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def bundle(self) -> Resource:
        return {"resourceType": "Bundle", "type": "transaction", "entry": self.entries}


@dataclass(frozen=True, slots=True)
class Setting:
    """What a message is applied against."""

    shelf: Shelf
    message: str
    """Its id."""
    sent_at: datetime
    at: datetime
    changes_patients: bool
    """Whether it speaks for the patient's data (ADT), and nothing newer has."""


def script(story: Story, setting: Setting) -> Script:
    """Raises:
    Doubt: a person must look first.
    NotHere: it is about something that has not come yet.
    """
    if story.doubts:
        raise Doubt(*story.doubts)
    if story.event == _UNLINK:
        raise Doubt("two records are to be separated again: nobody can tell from them what was whose")
    whole = _with_awaited(story, setting)
    where = places(whole, setting.shelf, setting.message)
    made = Script(notes=list(where.notes))
    for draft in whole.drafts:
        _write(made, draft, where, setting)
    for order in whole.orders:
        _ask_or_stop(made, order, where, setting)
    return made


def _with_awaited(story: Story, setting: Setting) -> Story:
    """Each order that asks us something waits for a report: where the message has none, for one to come."""
    drafts, asked = list(story.drafts), []
    by_name = {each.name: each for each in story.drafts}
    for each in story.orders:
        if orders.asks(each) and each.report is None and each.order and each.patient:
            awaited = orders.awaited_report(each, each.patient, by_name[each.order].resource)
            drafts.append(awaited)
            asked.append(_replaced(each, awaited.name))
        else:
            asked.append(each)
    del setting
    return Story(
        tuple(drafts), story.merges, tuple(asked), story.event, story.happened_at, story.notes, story.doubts
    )


def _replaced(order: Order, report: str) -> Order:
    return Order(
        order.order, order.question, order.control, order.placer, order.filler, order.accessions,
        order.studies, report, order.patient,
    )  # fmt: skip


def _write(made: Script, draft: Draft, where: Places, setting: Setting) -> None:
    place = where.found[draft.name]
    settled = Draft(
        draft.name, draft.type, _settled(draft.resource, where), draft.identifiers, draft.cleared, draft.owned
    )
    kept = None if place.kept is None else body(place.kept)
    if kept is not None and draft.type == "Patient" and not setting.changes_patients:
        return
    if kept is not None and older(kept, settled):
        made.notes.append(f"no-downgrade: {draft.type} is signed already")
        return
    after = settled.resource if kept is None else updated(kept, settled)
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


# -- cases ---------------------------------------------------------------------------------


def _ask_or_stop(made: Script, order: Order, where: Places, setting: Setting) -> None:
    if order.control in orders.STOPS:
        made.entries.extend(_stopped(order, where, setting))
    elif orders.asks(order) and order.report and order.patient:
        made.entries.extend(_asked(order, where, setting))


def _asked(order: Order, where: Places, setting: Setting) -> Iterator[Resource]:
    report = where.reference(order.report or "")
    shelf, question = setting.shelf, order.question or ""
    if shelf.asking(report, question) is not None or _tasks(order, shelf):
        return  # it is asked already, or has been answered
    kept = where.found[order.report or ""].kept
    if kept is not None and body(kept).get("status") in ("cancelled", "entered-in-error"):
        return
    request = where.reference(order.order) if order.order else None
    resource = orders.task(order, (where.reference(order.patient or ""), report, request), setting.at)
    yield {"resource": resource, "request": {"method": "POST", "url": "Task"}}


def _tasks(order: Order, shelf: Shelf) -> Sequence[Stored]:
    return by_identifiers(shelf, "Task", orders.names_of(order))


def _stopped(order: Order, where: Places, setting: Setting) -> Iterator[Resource]:
    """Raises NotHere when nothing is known of it at all."""
    known = order.order is not None and where.found[order.order].kept is not None
    tasks = _tasks(order, setting.shelf)
    if not known and not tasks:
        raise NotHere(UNKNOWN_ORDER)
    for each in tasks:
        task = body(each)
        if ended(task["status"]):
            continue
        if task["status"] in CANCELLABLE:
            request = {"method": "PUT", "url": f"Task/{each.id}", "ifMatch": f'W/"{each.version}"'}
            yield {"resource": {**task, "status": "cancelled"}, "request": request}
        else:
            asking = orders.stop(order, each.id, setting.at)
            yield {"resource": asking, "request": {"method": "POST", "url": "Task"}}


def stale_after(received_at: datetime) -> datetime:
    """Until when a message waits for what it is about (H-087, H-092)."""
    return received_at + timedelta(hours=24)


__all__ = ["NotHere", "Script", "Setting", "new_id", "script", "stale_after"]
