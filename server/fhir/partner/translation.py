"""A partner's resource as it is taken in here: its id, its references and its source are ours. Pure."""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy

from server.fhir.partner.names import here, key_of, source
from server.fhir.references import local, pointers
from server.fhir.terms import SR
from server.ports import Resource

_ANSWERS = frozenset({"statusReason", "businessStatus", "output", "executionPeriod", "lastModified"})
"""What is written on a Task after it was asked for."""


def translated(resource: Resource, base: str, fetched: Collection[str]) -> Resource:
    """``fetched``: ``Type/id`` of all that comes along; the rest is named by its full address there."""
    made = deepcopy(resource)
    meta = {name: part for name, part in made.get("meta", {}).items() if name not in _SERVERS}
    made["meta"] = {**meta, "source": source(base, resource)}
    made["id"] = here(base, f"{resource['resourceType']}/{resource['id']}")
    for each in pointers(made):
        each["reference"] = _there(each["reference"], base, fetched)
    return made


_SERVERS = ("versionId", "lastUpdated", "source")


def as_asked(task: Resource) -> Resource:
    """The Task as its placer wrote it, whatever has been written on it since; it has no id here yet."""
    asked = {name: part for name, part in task.items() if name not in _ANSWERS and name != "id"}
    kept = [each for each in task.get("contained", []) if each.get("resourceType") != "OperationOutcome"]
    asked.pop("contained", None)
    return {**asked, "status": "requested", **({"contained": kept} if kept else {})}


def is_our_own(resource: Resource) -> bool:
    """What we wrote there ourselves comes back with the patient's record; it is no evidence."""
    named = resource.get("identifier")
    return isinstance(named, list) and any(
        str(each.get("system", "")).startswith(f"{SR}/") for each in named if isinstance(each, dict)
    )


def _there(reference: str, base: str, fetched: Collection[str]) -> str:
    key = key_of(reference, base)
    if key in fetched and key is not None:
        return f"{key.partition('/')[0]}/{here(base, key)}"
    return f"{base}/{reference}" if local(reference) else reference
