"""Which report a specialist's Task names: one rule for the door that checks it and the step that reads it."""

from __future__ import annotations

from typing import Any

import pytest

from server.fhir.completion import named_report
from server.fhir.pens.datatypes import concept
from server.fhir.terms import OUT_AI_OPINION, OUT_SPECIALIST_REPORT


def output(kind: Any, reference: str) -> dict[str, Any]:
    return {"type": concept(kind), "valueReference": {"reference": reference}}


@pytest.mark.parametrize(
    ("outputs", "named"),
    [
        ([output(OUT_SPECIALIST_REPORT, "DiagnosticReport/a/_history/2")], "DiagnosticReport/a"),
        ([output(OUT_AI_OPINION, "DiagnosticReport/a")], ""),
        (
            [output(OUT_SPECIALIST_REPORT, to) for to in ("Observation/o", "DiagnosticReport/b")],
            "DiagnosticReport/b",
        ),
        ([output(OUT_SPECIALIST_REPORT, "https://ehr.example/DiagnosticReport/a")], ""),
        ([{"type": concept(OUT_SPECIALIST_REPORT), "valueString": "see there"}], ""),
        ([], ""),
    ],
)
def test_the_report_that_is_named(outputs: list[dict[str, Any]], named: str) -> None:
    assert named_report({"resourceType": "Task", "output": outputs}) == named
