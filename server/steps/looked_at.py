"""Whether a human has looked at a case that a gatekeeper would leave without one (second-reading S8.2)."""

from __future__ import annotations

from datetime import timedelta

from server.fhir.evidence import codings
from server.fhir.parse import parse
from server.fhir.pens.withdrawal import is_ai
from server.model import FirstRead
from server.ports import Resource, Stored
from server.query import Query, Reference, Token
from server.steps.casefile import CaseFile
from server.steps.gather import anchor

_SAID = ("conclusion", "conclusionCode", "presentedForm", "result")
_NOBODYS = ("registered", "cancelled", "entered-in-error", "unknown")
_NEAR = timedelta(days=1)
_MOST = 200


def by_a_human(file: CaseFile) -> bool:
    """Whether there is anything that a human has said, signed or not; what is in doubt is a yes.

    The case's own report, or another one of the same code about the same day: an EHR may write its result as
    a report of its own.
    """
    if file.latest("first-read", FirstRead) is not None:
        return True
    report = file.stored(file.case.report)
    if says(parse(report.body)):
        return True
    found = others(file, report)
    return len(found) >= _MOST or any(says(parse(each.body)) for each in found)


def says(report: Resource) -> bool:
    """Whether there is more of a report than that there will be one."""
    return report["status"] not in _NOBODYS or (
        report["status"] == "registered" and any(report.get(each) for each in _SAID)
    )


def others(file: CaseFile, report: Stored) -> list[Stored]:
    """Humans' reports of the same code about the same day."""
    codes = tuple((each.system, each.code) for each in codings(parse(report.body)["code"]))
    about = (Reference("patient", (file.case.patient,)), Token("code", codes))
    found = file.tools.shelf.find(Query("DiagnosticReport", about), _MOST) if codes else []
    theirs = (each for each in found if each.id != report.id and not is_ai(parse(each.body)))
    return [each for each in theirs if abs(anchor(each) - anchor(report)) <= _NEAR]
