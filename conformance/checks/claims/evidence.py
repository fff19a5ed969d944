"""What is missing is named on the Task; when it comes, the case goes on (docs/fhir-door.md)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from conformance.checks import cases, expect
from conformance.checks.claim import claim
from conformance.checks.made_up import instant
from conformance.checks.run import Run
from conformance.peers.codes import TASK, UCUM, Resource, codes_of, output

_DOC = "docs/fhir-door.md, What the EHR sees of its Task"


@claim(
    "evidence/missing",
    f"{_DOC}; SDOHCC statusReason.text",
    "A missing Observation puts the Task on hold, with a reason and an OperationOutcome that names it.",
    ours=True,
)
def missing(run: Run) -> None:
    task = cases.task(run, cases.waiting(run))
    expect.equal(["awaiting-information"], codes_of(task.get("businessStatus"), TASK), "businessStatus")
    expect.that(task.get("statusReason", {}).get("text"), "statusReason.text", "none")
    named = output(task, "completeness-outcome") or {}
    expect.equal({"reference": "#oo"}, named.get("valueReference"), "output completeness-outcome")
    [issue] = _issues(task)
    expect.equal("required", issue["code"], "issue code")
    expect.that(
        issue["details"]["text"] and issue["diagnostics"], "what is missing and how to mend it", "less"
    )


@claim(
    "evidence/mended",
    _DOC,
    "When the missing Observation comes, the case goes on by itself, and the Task no longer says it waits.",
    ours=True,
)
def mended(run: Run) -> None:
    case = cases.waiting(run)
    expect.status(cases.send_later(run, case, "csf_gluc"), 201)
    now = cases.reaches(run, case, "accepted", "in-progress", "completed")
    expect.equal(None, now.get("statusReason"), "statusReason")
    expect.equal([], _issues(now), "issues")
    expect.equal(None, output(now, "completeness-outcome"), "output completeness-outcome")


@claim(
    "evidence/wrong-unit",
    _DOC,
    "A value in a unit that is not understood counts as unusable: code-invalid, naming the Observation.",
    ours=True,
)
def wrong_unit(run: Run) -> None:
    bananas = {"value": 21, "unit": "bananas", "system": UCUM, "code": "{bananas}"}
    _named(run, "code-invalid", valueQuantity=bananas)


@claim(
    "evidence/too-old",
    _DOC,
    "A value that was taken too long before the report counts as unusable: expired, naming the Observation.",
    ours=True,
)
def too_old(run: Run) -> None:
    _named(run, "expired", effectiveDateTime=instant(datetime.now(UTC) - timedelta(days=30)))


def _named(run: Run, code: str, **changes: object) -> None:
    """An unusable value takes the place of the missing one, and is told of."""
    case = cases.waiting(run)
    place = expect.status(cases.send_later(run, case, "csf_gluc", **changes), 201).reference

    def told() -> list[Resource]:
        return [each for each in _issues(cases.task(run, case)) if each["code"] == code]

    found = run.until(told, lambda issues: issues, f"an issue of code {code} on the Task")
    places = [where for issue in found for where in issue.get("expression", [])]
    expect.that(
        any(each.startswith(place) for each in places), "expression with the Observation", str(places)
    )
    expect.equal("on-hold", cases.task(run, case)["status"], "Task.status")


def _issues(task: Resource) -> list[Resource]:
    parts = [each for each in task.get("contained", []) if each["resourceType"] == "OperationOutcome"]
    return [issue for part in parts for issue in part["issue"]]
