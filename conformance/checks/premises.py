"""How a second reader is set up: whom it answers and what it reads is a setting, and somebody must work."""

from __future__ import annotations

from conformance.checks.exchange import Seen
from conformance.checks.run import Run
from conformance.checks.verdict import Skipped
from conformance.peers.codes import Resource


def demand_setup(run: Run, seen: Seen) -> None:
    """Raises:
    Skipped: the request was refused for how this server is set up.
    """
    told = {place for issue in seen.issues for place in issue.get("expression", [])}
    if any(place.endswith(".identifier.system") for place in told):
        raise Skipped(
            f"no destination of this server takes results for {run.task_system}; "
            "--task-system names one of its identifier_systems"
        )
    if any(place.endswith(("Task.input", ".resource.input")) for place in told):
        raise Skipped("this server does not read the question of the made-up cases")


def still_standing(task: Resource) -> str:
    """Of a Task that did not move."""
    hint = "; does a worker run?" if task["status"] == "requested" else ""
    return f"still {task['status']}{hint}"
