"""Task.status as a client may move it: every other transition is refused (R4 task.html#statemachine)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from conformance.checks import cases, expect, specimens
from conformance.checks.claim import Attempt, Claim, claim
from conformance.checks.run import Run
from conformance.peers.codes import TERMINAL, Resource

STATUSES = (
    "draft",
    "requested",
    "received",
    "accepted",
    "rejected",
    "ready",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
)
"""R4 task-status."""
LEGAL = {
    "requested": {"received", "accepted", "rejected", "cancelled"},
    "received": {"accepted", "rejected", "on-hold", "cancelled"},
    "accepted": {"in-progress", "ready", "on-hold", "failed", "cancelled"},
    "ready": {"in-progress", "on-hold", "cancelled"},
    "in-progress": {"on-hold", "completed", "failed", "ready"},
    "on-hold": {"received", "accepted", "ready", "in-progress", "failed", "cancelled"},
}
"""What may follow what on an EHR's Task."""
_DOC = "docs/fhir-door.md, What the EHR sees of its Task"
_SOON = timedelta(seconds=4)


def refuses_all_but(run: Run, task: str, allowed: frozenset[str]) -> None:
    """Every status but the allowed ones is tried on a Task, with reason and If-Match; none is taken.

    While the status of one that goes on stays, its reason is not its placer's to change.
    """
    before = specimens.read(run, task).body
    for status in STATUSES:
        if status in allowed:
            continue
        moved = before | {"status": status, "statusReason": {"text": "A check."}}
        seen = run.wire.put(task, moved, If_Match=specimens.tag(before))
        stays = status == before["status"] and status not in TERMINAL
        place = "Task.statusReason" if stays else "Task.status"
        expect.refused(seen, 422, code="business-rule", at=place)
    now = specimens.read(run, task).body
    expect.equal(before["meta"]["versionId"], now["meta"]["versionId"], "unchanged version")


def _on_hold(run: Run) -> str:
    return f"Task/{specimens.created(run, 'Task')['id']}"


def _in_progress(run: Run) -> str:
    return cases.unsigned(run).task


def _completed(run: Run) -> str:
    return cases.closed(run).task


def _cancelled(run: Run) -> str:
    task = _on_hold(run)
    specimens.cancel(run, task)
    return task


def _rejected(run: Run) -> str:
    def make() -> str:
        late = cases.draft(run, due=datetime.now(UTC) - timedelta(minutes=1))
        case = cases.opened(run, late)
        cases.reaches(run, case, *TERMINAL)
        return case.task

    return run.once("a rejected Task", make)


def _failed(run: Run) -> str:
    """Its deadline passes while it waits for evidence."""

    def make() -> str:
        due = datetime.now(UTC) + _SOON
        case = cases.opened(run, cases.draft(run, without=("csf_gluc",), due=due))
        cases.reaches(run, case, *TERMINAL)
        return case.task

    return run.once("a failed Task", make)


_HELD: tuple[tuple[str, Callable[[Run], str], frozenset[str]], ...] = (
    ("on-hold", _on_hold, frozenset({"cancelled"})),
    ("in-progress", _in_progress, frozenset()),
    ("completed", _completed, frozenset()),
    ("cancelled", _cancelled, frozenset()),
    ("rejected", _rejected, frozenset()),
    ("failed", _failed, frozenset()),
)
"""Where a Task can be held from outside, how it gets there, and what its placer may then set."""


def _refusing(status: str, reach: Callable[[Run], str], allowed: frozenset[str]) -> Attempt:
    def attempt(run: Run) -> None:
        task = reach(run)
        expect.equal(status, specimens.read(run, task).body["status"], "Task.status")
        refuses_all_but(run, task, allowed)

    return attempt


REFUSED = tuple(
    Claim(
        f"task-state/{status}",
        f"{_DOC}; R4 task.html#statemachine",
        f"From {status} a placer may set {' or '.join(allowed) or 'nothing'}; all else is refused with 422.",
        _refusing(status, reach, allowed),
        ours=True,
    )
    for status, reach, allowed in _HELD
)


@claim(
    "task-state/cancel",
    f"{_DOC}; HL7 Clinical Order Workflows",
    "The placer may cancel a Task that waits, with If-Match; it then stays cancelled.",
    ours=True,
)
def cancel(run: Run) -> None:
    case = cases.waiting(run)
    cases.end(run, case)
    cases.send_later(run, case, "csf_gluc")
    expect.equal("cancelled", cases.task(run, case)["status"], "Task.status")


@claim(
    "task-state/only-the-status",
    _DOC,
    "The placer may change nothing else of a Task: 422 names each element.",
    ours=True,
)
def only_the_status(run: Run) -> None:
    here = specimens.created(run, "Task")
    path, tag = f"Task/{here['id']}", specimens.tag(here)
    for name, part in (("priority", "routine"), ("intent", "plan"), ("authoredOn", "2020-01-01T00:00:00Z")):
        moved = here | {"status": "cancelled", name: part}
        expect.refused(run.wire.put(path, moved, If_Match=tag), 422, at=f"Task.{name}")


@claim(
    "task-state/rejected-says-why",
    f"{_DOC}; SDOHCC statusReason.text",
    "A Task whose deadline had passed before any work was done is rejected, with statusReason.text.",
    ours=True,
)
def rejected_says_why(run: Run) -> None:
    _says_why(specimens.read(run, _rejected(run)).body, "rejected")


@claim(
    "task-state/failed-says-why",
    f"{_DOC}; SDOHCC statusReason.text",
    "A Task whose deadline passes while evidence is missing becomes failed, with statusReason.text.",
    ours=True,
)
def failed_says_why(run: Run) -> None:
    _says_why(specimens.read(run, _failed(run)).body, "failed")


@claim(
    "task-state/history",
    f"{_DOC}; R4 task.html#statemachine",
    "Each step of a Task is a version of its own, and each follows legally from the one before.",
    ours=True,
)
def history(run: Run) -> None:
    for task in (cases.closed(run).task, _rejected(run), _failed(run)):
        entries = expect.bundle(run.wire.get(f"{task}/_history"), "history")
        way = [each["resource"]["status"] for each in reversed(entries)]
        expect.equal("requested", way[0], "first status")
        for before, after in pairwise(way):
            legal = after == before or after in LEGAL.get(before, set())
            expect.that(legal, f"a status that may follow {before}", after)


def _says_why(task: Resource, status: str) -> None:
    expect.equal(status, task["status"], "Task.status")
    expect.that(task.get("statusReason", {}).get("text"), "statusReason.text", "none")
