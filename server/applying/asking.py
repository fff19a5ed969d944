"""What an order asks of us, or no longer asks: the Task that opens its case, or ends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from server.applying import orders
from server.applying.known import Doubt, body, by_identifiers
from server.applying.places import Places
from server.fhir.admission import asked_question
from server.fhir.task_states import CANCELLABLE, ended
from server.hl7v2.mapping.drafts import Order
from server.ports import Resource, Shelf, Stored

_UNKNOWN = "the order that it stops is not here yet"
_NUMBERED = ("PLAC", "FILL")
_VOID = ("cancelled", "entered-in-error")


@dataclass(slots=True)
class Asked:
    """What is to be written for one order."""

    entries: list[Resource] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lacking: str = ""
    """What has not come yet."""


def asked(order: Order, where: Places, statuses: Mapping[str, str], shelf: Shelf, at: datetime) -> Asked:
    """``statuses``: of the message's ServiceRequests, by name.

    Raises:
        Doubt: it changes what is asked in an open case.
    """
    made = Asked()
    kept = where.found[order.order].kept if order.order in where.found else None
    tasks = _tasks(order, kept, shelf)
    if orders.stops(order, statuses.get(order.order or "", "")):
        if kept is None and not tasks and order.control in orders.STOPS:
            made.lacking = _UNKNOWN
        made.entries += _stopped(order, tasks, at)
        return made
    going = [each for each in tasks if not ended(body(each)["status"])]
    questions = {asked_question(body(each)) for each in going}
    if order.control == orders.CHANGED and questions - {order.question}:
        raise Doubt("it changes what its order asks, and a case is open; cancel it, and place another")
    if not orders.asks(order) or order.report not in where.found or not order.patient:
        return made
    if tasks:
        made.notes += [] if going else ["order-over: an order under this number has been answered or ended"]
        return made
    made.entries += _opened(order, where, shelf, at)
    return made


def _opened(order: Order, where: Places, shelf: Shelf, at: datetime) -> Iterator[Resource]:
    report = where.reference(order.report or "")
    if shelf.asking(report, order.question or "") is not None:
        return  # somebody else asks it already
    kept = where.found[order.report or ""].kept
    if kept is not None and body(kept).get("status") in _VOID:
        return
    request = where.reference(order.order) if order.order else None
    resource = orders.task(order, (where.reference(order.patient or ""), report, request), at)
    yield {"resource": resource, "request": {"method": "POST", "url": "Task"}}


def _tasks(order: Order, kept: Stored | None, shelf: Shelf) -> Sequence[Stored]:
    """By every number under which the order is known by now."""
    known = [] if kept is None else body(kept).get("identifier", [])
    more = [(str(each.get("system", "")), str(each.get("value", ""))) for each in known if _numbers(each)]
    return by_identifiers(shelf, "Task", tuple(dict.fromkeys((*orders.names_of(order), *more))))


def _numbers(identifier: Resource) -> bool:
    return any(each.get("code") in _NUMBERED for each in identifier.get("type", {}).get("coding", []))


def _stopped(order: Order, tasks: Sequence[Stored], at: datetime) -> Iterator[Resource]:
    for each in tasks:
        task = body(each)
        if ended(task["status"]):
            continue
        if task["status"] in CANCELLABLE:
            request = {"method": "PUT", "url": f"Task/{each.id}", "ifMatch": f'W/"{each.version}"'}
            yield {"resource": {**task, "status": "cancelled"}, "request": request}
        else:
            asking = orders.stop(order, each.id, at)
            yield {"resource": asking, "request": {"method": "POST", "url": "Task"}}
