"""Moving Tasks here, and what they ask for: every transition is a version of its own, and legal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.fhir.parse import parse
from server.fhir.pens.correspondence import Standing
from server.fhir.pens.referral_task import written_standing
from server.fhir.pens.service_request import RequestStatus
from server.fhir.stamp import stamped
from server.fhir.task_states import path
from server.ports import Resource, ResourceWrite
from server.steps.casefile import CaseFile

_STANDING = ("status", "statusReason", "businessStatus")


def moved_task(
    file: CaseFile,
    key: str,
    standing: Standing,
    *,
    outputs: Sequence[Resource] | None = None,
    contained: Sequence[Resource] = (),
    via: str | None = None,
) -> list[ResourceWrite]:
    """The versions that bring ``Task/id`` to a standing; none when it stands so already.

    ``via`` is a status that it must have gone through on the way.
    """
    stored = file.stored(key)
    task = parse(stored.body)
    way = path(task["status"], standing.status)
    if via and via not in (task["status"], *way) and way:
        way = (*path(task["status"], via), *path(via, standing.status))
    if not way and _same(task, standing) and outputs is None:
        return []
    task = _without_outcome(task)
    writes, version = [], stored.version
    for status in way[:-1]:
        version += 1
        writes.append(stamped(_standing(task, Standing(status)), stored.id, version, file.now))
    final = _standing(task, standing)
    if outputs is not None:
        final["output"] = list(outputs)
    if contained:
        final["contained"] = [*final.get("contained", []), *contained]
    writes.append(stamped(final, stored.id, version + 1, file.now))
    return writes


def reopened_task(file: CaseFile, key: str, standing: Standing) -> list[ResourceWrite]:
    """A completed Task whose result cannot be used is in progress again; it keeps its output.

    Nobody else may do so. R4 calls its diagram of Task.status typical (task.html#statemachine); a Task
    of its own would have to be accepted first, and take the specialist's time anew.
    """
    stored = file.stored(key)
    return [stamped(_standing(parse(stored.body), standing), stored.id, stored.version + 1, file.now)]


def moved_request(file: CaseFile, id_: str, status: RequestStatus) -> list[ResourceWrite]:
    """The version that brings a referral's ServiceRequest to its end; none when it was never made."""
    stored = file.tools.shelf.read("ServiceRequest", id_)
    if stored is None or (request := parse(stored.body))["status"] == status:
        return []
    return [stamped({**request, "status": status.value}, id_, stored.version + 1, file.now)]


def _standing(task: Resource, standing: Standing) -> Resource:
    rest = {name: part for name, part in task.items() if name not in _STANDING}
    return {**rest, **written_standing(standing)}


def _same(task: Resource, standing: Standing) -> bool:
    wanted: dict[str, Any] = written_standing(standing)
    return all(task.get(name) == wanted.get(name) for name in _STANDING)


def _without_outcome(task: Resource) -> Resource:
    """An earlier completeness outcome has served its time; the history keeps it."""
    kept = {name: part for name, part in task.items() if name not in ("contained", "output")}
    contained = [each for each in task.get("contained", []) if each.get("id") != "oo"]
    outputs = [
        each for each in task.get("output", []) if each.get("valueReference", {}).get("reference") != "#oo"
    ]
    return {
        **kept,
        **({"contained": contained} if contained else {}),
        **({"output": outputs} if outputs else {}),
    }
