"""Task: the EHR's own, as it stands now (R4 task.html; docs/fhir-door.md).

A conditional update replaces the whole resource, so what the EHR wrote goes back as it was.
References to what stands at our door are turned into the EHR's identifiers; one that cannot
be named there is left out rather than sent dangling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.fhir.pens.correspondence import Correspondence, Standing
from server.fhir.pens.datatypes import Json
from server.fhir.pens.referral_task import written_standing

_OURS = frozenset(
    {"id", "text", "status", "statusReason", "businessStatus", "output", "lastModified", "relevantHistory"}
)
"""What our door sets on a Task, and what would be stale with it. ``lastModified`` is left to the
EHR: our clock may be behind its ``authoredOn`` (inv-1)."""
_META_OURS = frozenset({"versionId", "lastUpdated", "source"})


def write_ehr_task(letter: Correspondence, standing: Standing, outputs: Sequence[Json]) -> Json:
    """The EHR's Task with our status, reason, businessStatus and outputs."""
    written: Json = {"resourceType": "Task", "intent": "order", "for": letter.subject()}
    written |= _theirs(letter) | written_standing(standing)
    return written | ({"output": list(outputs)} if outputs else {})


def _theirs(letter: Correspondence) -> Json:
    task = {name: part for name, part in letter.posted.items() if name.removeprefix("_") not in _OURS}
    task["meta"] = {name: part for name, part in task.get("meta", {}).items() if name not in _META_OURS}
    task["contained"] = [
        each for each in task.get("contained", []) if each.get("resourceType") != "OperationOutcome"
    ]
    kept: Json = _addressed(letter, task) or {}
    # Task.input.value[x] is 1..1: an input that only named a resource at our door goes with it.
    kept["input"] = [each for each in kept.get("input", []) if any(key.startswith("value") for key in each)]
    return {name: part for name, part in kept.items() if part}


def _addressed(letter: Correspondence, value: Any) -> Any:
    """``value`` with every reference in it made good over there; None when nothing is left."""
    if isinstance(value, Mapping):
        if isinstance(value.get("reference"), str):
            return _reference(letter, value)
        parts = {name: _addressed(letter, part) for name, part in value.items()}
        return {name: part for name, part in parts.items() if part is not None} or None
    if isinstance(value, list):
        return [part for part in (_addressed(letter, each) for each in value) if part is not None] or None
    return value


def _reference(letter: Correspondence, reference: Mapping[str, Any]) -> Json | None:
    to = reference["reference"]
    if "://" in to or to.startswith(("urn:", "#")):
        return dict(reference)
    return letter.reference(to, reference.get("display", ""))
