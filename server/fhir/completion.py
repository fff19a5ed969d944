"""Whether a specialist may complete a Task: the report it names must be theirs, signed, of this case."""

from __future__ import annotations

from server.errors import Category, Fault, Issue
from server.fhir.admission import Look
from server.fhir.opinions import SIGNED
from server.fhir.references import local, normal
from server.fhir.task_parts import coded
from server.fhir.terms import OUT_SPECIALIST_REPORT
from server.ports import Resource

_PATH = "Task.output"
_KIND = (OUT_SPECIALIST_REPORT.system, OUT_SPECIALIST_REPORT.code)


def demand_report(task: Resource, look: Look) -> None:
    """Check the output ``specialist-report`` of a Task that is to become completed.

    Raises:
        Fault: UNPROCESSABLE with everything that is wrong with it.
    """
    report = _report(task, look)
    owner = normal(task.get("owner", {}).get("reference", ""))
    role = look("PractitionerRole", owner.partition("/")[2]) or {}
    them = {owner, normal(role.get("practitioner", {}).get("reference", ""))}
    problems = [
        (report.get("status") not in SIGNED, "the report must be signed: status final"),
        (_about(report) != normal(task["for"]["reference"]), "the report must be about the Task's patient"),
        (not them & _signers(report), "the report's resultsInterpreter must be the Task's owner"),
        (
            normal(task["focus"]["reference"]) not in _requests(report),
            "the report must be basedOn the Task's ServiceRequest",
        ),
    ]
    if wrong := [Issue("business-rule", text, _PATH) for bad, text in problems if bad]:
        raise Fault(Category.UNPROCESSABLE, *wrong)


def _report(task: Resource, look: Look) -> Resource:
    if target := local(named_report(task)):
        return look(*target) or {}
    text = f"completed needs an output of type {'|'.join(_KIND)} with a reference to the DiagnosticReport"
    raise Fault(Category.UNPROCESSABLE, Issue("required", text, _PATH))


def named_report(task: Resource) -> str:
    """``DiagnosticReport/id`` that the Task names as its answer; empty when it names none here."""
    for output in task.get("output", []):
        target = local(output.get("valueReference", {}).get("reference", ""))
        if (
            coded(output.get("type", {}), OUT_SPECIALIST_REPORT)
            and target
            and target[0] == "DiagnosticReport"
        ):
            return "/".join(target)
    return ""


def _about(report: Resource) -> str:
    return normal(report.get("subject", {}).get("reference", ""))


def _signers(report: Resource) -> set[str]:
    named = [*report.get("resultsInterpreter", []), *report.get("performer", [])]
    return {normal(each.get("reference", "")) for each in named}


def _requests(report: Resource) -> set[str]:
    return {normal(each.get("reference", "")) for each in report.get("basedOn", [])}
