"""A new Task about a second-read Task of ours: what any such has to be, whatever it says or asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.errors import Issue
from server.fhir.admission import Look, is_second_read, placed
from server.fhir.one_code import demand_one_code
from server.fhir.references import local, normal
from server.model import Coding
from server.ports import Resource
from server.query import Query, Reference, Token

INTENTS = ("order", "proposal")


def waiting(task_id: str, codes: Sequence[Coding]) -> Query:
    """Those with one of these codes about this Task that nobody has taken up yet."""
    return Query(
        "Task",
        (
            Reference("focus", (f"Task/{task_id}",)),
            Token("code", tuple((each.system, each.code) for each in codes)),
            Token("status", ((None, "requested"),)),
        ),
    )


def demand_new(task: Resource, what: str, problems: list[Issue]) -> None:
    """``what``: how a refusal of the intent begins."""
    if task["status"] != "requested":
        problems.append(Issue("business-rule", "a new Task has status requested", "Task.status"))
    if task["intent"] not in INTENTS:
        accepted = " or ".join(INTENTS)
        problems.append(Issue("business-rule", f"{what} is an intent {accepted}", "Task.intent"))
    demand_one_code(task, problems)
    placed(task, problems)


def in_focus(task: Resource, look: Look, needed: str, problems: list[Issue]) -> tuple[str, Resource] | None:
    """Id and content of the second-read Task that it is about; ``needed`` is said when there is none."""
    target = local(task.get("focus", {}).get("reference", ""))
    order = look(*target) if target is not None and target[0] == "Task" else None
    if target is None or order is None or not is_second_read(order):
        problems.append(Issue("required", needed, "Task.focus"))
        return None
    return target[1], order


def demand_same_patient(task: Resource, order: Resource, whose: str, problems: list[Issue]) -> None:
    """``whose``: whom a refusal says is needed."""
    if _patient(task) != _patient(order):
        problems.append(Issue("business-rule", f"{whose} is needed: the same patient", "Task.for"))


def _patient(task: Mapping[str, Mapping[str, str]]) -> str:
    return normal(task.get("for", {}).get("reference", ""))
