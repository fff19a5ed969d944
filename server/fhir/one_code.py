"""A Task says one of the things that Tasks say here: by two of our codes it would be two of them at once."""

from __future__ import annotations

from server.errors import Issue
from server.fhir.terms import ABORT, SECOND_READ
from server.ports import Resource


def demand_one_code(task: Resource, problems: list[Issue]) -> None:
    """What says two things at once would be answered as neither."""
    codings = task.get("code", {}).get("coding", [])
    said = {each.get("code") for each in codings if each.get("system") in (SECOND_READ.system, ABORT.system)}
    if len(said) > 1:
        text = "one Task says one thing: send a Task for each of these codes, or the one code that is meant"
        problems.append(Issue("business-rule", text, "Task.code"))
