"""An order that asks one of our questions: the report that it waits for, and the Task that opens the case.

In whichever order they come, order and report name one another by their numbers, and one Task asks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from server.fhir.pens.datatypes import concept, identifier
from server.fhir.terms import ABORT, IN_QUESTION, QUESTION, SECOND_READ
from server.hl7v2.mapping.drafts import Draft, Identifiers, Order
from server.model import Coding
from server.ports import Resource
from server.times import instant

STOPS: Final = frozenset({"CA", "DC", "OC", "CR", "OD", "DR"})
"""ORC-1 (table 0119): the order is cancelled or discontinued, or its placer asks for that."""
_ACTIVE: Final = frozenset({"", "NW", "XO", "XR", "RO", "RU", "SN", "NA", "OK", "SC", "RE", "PA", "CH", "OE"})
CHANGED: Final = "XO"
_OVER: Final = frozenset({"revoked", "entered-in-error"})
_RESULT: Final = "RE"
_PLACER: Final = Coding("http://terminology.hl7.org/CodeSystem/v2-0203", "PLAC", "Placer Identifier")
_FILLER: Final = Coding("http://terminology.hl7.org/CodeSystem/v2-0203", "FILL", "Filler Identifier")


def asks(order: Order) -> bool:
    """Whether it asks, now, what somebody here reads."""
    return order.question is not None and order.control in _ACTIVE and bool(order.placer or order.filler)


def stops(order: Order, status: str) -> bool:
    """By its control, or by the status that its order has for it (ORC-5, REF^I14). ``status``: empty: unsaid.

    What a result says of its order ends nothing: the result does.
    """
    return order.control in STOPS or (order.control != _RESULT and status in _OVER)


def awaited_report(order: Order, patient: str, request: Resource) -> Draft:
    """The report that the order waits for, before anybody has written one (OBR-25: O)."""
    numbers = [
        *({"type": concept(_PLACER), **identifier(*each)} for each in order.placer),
        *({"type": concept(_FILLER), **identifier(*each)} for each in order.filler),
    ]
    resource: Resource = {
        "resourceType": "DiagnosticReport",
        "status": "registered",
        "identifier": numbers,
        "basedOn": [{"reference": f"draft:{order.order}"}],
        "code": request["code"],
        "subject": {"reference": f"draft:{patient}"},
    }
    return Draft(f"awaited-{order.order}", "DiagnosticReport", resource, (*order.filler, *order.placer))


def names_of(order: Order) -> Identifiers:
    """By which the Task is known to who placed the order."""
    return (*order.placer, *order.filler)


def task(order: Order, refs: tuple[str, str, str | None], at: datetime) -> Resource:
    """``refs``: patient, report, order, each ``Type/id``. The Task that the placer would have posted."""
    patient, report, request = refs
    system, value = names_of(order)[0]
    question = Coding(QUESTION, order.question or "")
    return {
        "resourceType": "Task",
        "identifier": [{"type": concept(_PLACER), **identifier(system, value)}],
        **({"basedOn": [{"reference": request}]} if request else {}),
        "status": "requested",
        "intent": "order",
        "code": concept(SECOND_READ),
        "focus": {"reference": report},
        "for": {"reference": patient},
        "authoredOn": instant(at),
        "input": [{"type": concept(IN_QUESTION), "valueCodeableConcept": concept(question)}],
    }


def stop(order: Order, task_id: str, at: datetime) -> Resource:
    """The Task that asks to stop one of which work has begun."""
    system, value = names_of(order)[0]
    return {
        "resourceType": "Task",
        "identifier": [{"type": concept(_PLACER), **identifier(system, f"{value}/stop")}],
        "status": "requested",
        "intent": "order",
        "code": concept(ABORT),
        "focus": {"reference": f"Task/{task_id}"},
        "authoredOn": instant(at),
    }
