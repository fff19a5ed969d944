"""A patient's independent assessment: by whom it is asked for (second-reading S5.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from server.errors import Issue
from server.fhir.task_parts import coded, inputs
from server.fhir.terms import ASSESSMENT, BY_BOTH, BY_HUMAN, BY_OTHER_MODEL, IN_ASSESSOR
from server.ports import Resource

MODELS: Final = (BY_OTHER_MODEL.code, BY_BOTH.code)
"""Where a model is to assess: the question's other one."""


def is_assessment(task: Resource) -> bool:
    """Whether a patient asks for an assessment that is independent of every earlier opinion."""
    return coded(task.get("code", {}), ASSESSMENT)


def assessors(task: Resource) -> frozenset[str]:
    """By whom an assessment is asked for, codes of ``IN_ASSESSOR``; empty: it is none."""
    if not is_assessment(task):
        return frozenset()
    return frozenset(code for each in inputs(task, IN_ASSESSOR) for code in _said(each))


def demand_assessor(task: Resource, problems: list[Issue], *, another: bool) -> None:
    """By whom an assessment is to be made (S5.4); ``another``: a second model reads the question here."""
    if not is_assessment(task):
        return
    said, known = assessors(task), (BY_HUMAN.code, *(MODELS if another else ()))
    if len(said) == 1 and said <= set(known):
        return
    available = f"available: {', '.join(known)}"
    if said and said <= set(MODELS) and not another:
        text = f"only one model reads this question here, and none is independent of itself; {available}"
        problems.append(Issue("not-supported", text, "Task.input"))
        return
    text = f"by whom is needed, once: the input {IN_ASSESSOR.code}; {available}"
    problems.append(Issue("required", text, "Task.input"))


def _said(named: Mapping[str, Any]) -> Iterator[str]:
    """The code of an input, as a concept of ours, as a code, or as a text."""
    for each in named.get("valueCodeableConcept", {}).get("coding", []):
        if each.get("system") == IN_ASSESSOR.system and each.get("code"):
            yield str(each["code"])
    yield from (str(named[kind]) for kind in ("valueCode", "valueString") if kind in named)
