"""What we write on a partner's Task before it is a case of ours: claimed, accepted, or why not. Pure.

Each is a whole PUT with If-Match (R4 http.html#concurrency): the Task as it was read, with our standing.
The way is requested, received, then accepted or rejected (COW); results come later, from the courier.
"""

from __future__ import annotations

from typing import Any, Final

from server.errors import Fault, Issue
from server.fhir import outcome
from server.fhir.completeness import completeness_output
from server.fhir.line import Question
from server.fhir.write import dump
from server.ports import Resource

_MOST_ISSUES: Final = 20
_OUTCOME: Final = "oo"


def moved(task: Resource, status: str, **more: Any) -> Question:
    """The PUT that brings the Task from the version that was read to ``status``."""
    without = ("status", "statusReason", "lastModified")
    kept = {name: part for name, part in task.items() if name not in without}
    version = task["meta"]["versionId"]
    headers = {"If-Match": f'W/"{version}"', "Content-Type": "application/fhir+json"}
    return Question("PUT", f"/Task/{task['id']}", headers, dump({**kept, "status": status, **more}))


def refused(task: Resource, failure: Fault, entries: list[str]) -> Question:
    """Before any work it is rejected, after it was accepted failed; with every reason, none quoting a value.

    ``entries``: ``Type/id`` at the partner of each entry of the transaction that the reasons speak of.
    """
    status = "failed" if task["status"] in ("accepted", "on-hold") else "rejected"
    told = Fault(failure.category, *(_of_theirs(each, entries) for each in failure.issues[:_MOST_ISSUES]))
    kept = [each for each in _objects(task.get("contained")) if each.get("id") != _OUTCOME]
    contained = [*kept, {**outcome.outcome(told), "id": _OUTCOME}]
    outputs = [*_objects(task.get("output")), completeness_output()]
    reason = {"text": "; ".join(issue.text for issue in told.issues)}
    return moved(task, status, statusReason=reason, contained=contained, output=outputs)


def _objects(value: Any) -> list[Resource]:
    """What is refused need not be what R4 says it is."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _of_theirs(issue: Issue, entries: list[str]) -> Issue:
    """``Bundle.entry[3].resource.code`` is unknown to the partner: it is ``Observation.code`` of one."""
    head, _, rest = issue.path.partition("].")
    number = head.removeprefix("Bundle.entry[")
    if head == issue.path or not number.isdigit() or int(number) >= len(entries):
        return issue
    key = entries[int(number)]
    kind = key.partition("/")[0]
    path = f"{kind}.{rest.removeprefix('resource').lstrip('.')}".rstrip(".")
    return Issue(issue.code, issue.text if kind == "Task" else f"{key}: {issue.text}", path)
