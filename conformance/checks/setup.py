"""What a second reader is set up for: whom it answers and what it reads is a setting, not a fault."""

from __future__ import annotations

from conformance.checks.exchange import Seen
from conformance.checks.run import Run
from conformance.checks.verdict import Skipped


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
