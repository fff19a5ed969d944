"""For whom a client speaks (``speaks_for`` of its registration): only for them does it move Tasks.

A specialist's Task is its owner's to answer; every other one is its requester's to place, change and stop.
Upon its result its patient and the first reader have a say too. A client that is registered to speak for
nobody in particular is held to its scopes alone.
"""

from __future__ import annotations

from server.caller import Caller
from server.errors import Category, fault
from server.fhir.admission import Look, is_specialists
from server.fhir.references import local, normal
from server.fhir.requesting import signers
from server.fhir.task_parts import inputs
from server.fhir.terms import IN_REPORT
from server.ports import Resource


def demand_spoken_for(caller: Caller, task: Resource) -> None:
    """Raises Fault(FORBIDDEN) when a Task is that of somebody for whom this client does not speak."""
    if not caller.speaks_for:
        return
    element = "owner" if is_specialists(task) else "requester"
    named = task.get(element, {}).get("reference")
    if named is None or normal(named) not in caller.speaks_for:
        text = f"this client moves only Tasks whose {element} it is registered to speak for"
        raise fault(Category.FORBIDDEN, "forbidden", text, f"Task.{element}")


def demand_concerned_by(caller: Caller, order: Resource, look: Look) -> None:
    """Raises Fault(FORBIDDEN) when the result of a second-read Task is none of this client's business.

    It is that of the Task's requester, of whoever signed the first report, and of the patient.
    """
    if not caller.speaks_for:
        return
    named = {normal(order.get(element, {}).get("reference", "")) for element in ("requester", "for")}
    if caller.speaks_for.isdisjoint(named | signers(_first_report(order, look))):
        text = (
            "this client says something only upon results of second-read Tasks whose requester, whose "
            "patient (Task.for) or whose first reader it is registered to speak for"
        )
        raise fault(Category.FORBIDDEN, "forbidden", text, "Task.focus")


def _first_report(order: Resource, look: Look) -> Resource | None:
    named = [order.get("focus", {}), *(each.get("valueReference", {}) for each in inputs(order, IN_REPORT))]
    target = next((found for each in named if (found := local(each.get("reference", "")))), None)
    return None if target is None else look(*target)
