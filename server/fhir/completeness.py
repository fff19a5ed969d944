"""What is missing, as a contained OperationOutcome on the EHR's Task (docs/fhir-door.md)."""

from __future__ import annotations

from collections.abc import Sequence

from server.fhir.pens.datatypes import concept
from server.fhir.terms import OUT_COMPLETENESS
from server.model import Gap, Problem
from server.ports import Resource

_ISSUE = {
    Problem.MISSING: "required",
    Problem.WRONG_UNIT: "code-invalid",
    Problem.IMPLAUSIBLE: "value",
    Problem.TOO_OLD: "expired",
    Problem.NOT_A_NUMBER: "value",
    Problem.CONTRADICTORY: "conflict",
    Problem.NOT_FINAL: "incomplete",
}
"""R4 issue-type for each kind of gap."""


def completeness_outcome(gaps: Sequence[Gap]) -> Resource:
    """One issue for each item: what was found and how to mend it, and which resource is meant."""
    return {"resourceType": "OperationOutcome", "id": "oo", "issue": [_issue(gap) for gap in gaps]}


def completeness_output() -> Resource:
    return {
        "type": concept(OUT_COMPLETENESS),
        "valueReference": {"reference": "#oo"},
    }


def _issue(gap: Gap) -> Resource:
    return {
        "severity": "error",
        "code": _ISSUE[gap.problem],
        "details": {"text": f"{gap.item}: {gap.found}"},
        "diagnostics": gap.mend,
        **({"expression": [gap.source.versioned]} if gap.source else {}),
    }
