"""For whom a client speaks (``speaks_for`` of its registration): only for them does it move Tasks.

A specialist's Task is its owner's to answer; every other one is its requester's to place, change and stop. A
client that is registered to speak for nobody in particular is held to its scopes alone.
"""

from __future__ import annotations

from server.caller import Caller
from server.errors import Category, fault
from server.fhir.admission import is_specialists
from server.fhir.references import normal
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
