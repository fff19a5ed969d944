"""$withdraw: an AI opinion must not be used, or no opinion of a model version (OperationDefinition/withdraw).

The decision is on disk before it is answered; the worker then marks all parts entered-in-error, here and
wherever they were sent. Sending it again changes nothing and is answered alike.
"""

from __future__ import annotations

from server.case import Ai, IllegalMove
from server.errors import Category, fault
from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.operations.said import said
from server.fhir.parse import own
from server.fhir.read import found
from server.fhir.terms import MODEL, OPINION_REPORT
from server.fhir.write import dump
from server.model import Withdrawal
from server.ports import Raced, Resource
from server.query import Query, Reference


def withdraw_opinion(desk: Desk, request: Request, id_: str) -> Response:
    """POST [base]/DiagnosticReport/[id]/$withdraw"""
    _demand_operator(desk)
    report = own(found(desk.shelf.read("DiagnosticReport", id_)).body)
    if _named(report, OPINION_REPORT) is None:
        text = "this is no AI opinion of this server; only those are withdrawn"
        raise fault(Category.UNPROCESSABLE, "business-rule", text, "DiagnosticReport.identifier")
    return _answer(_take_back(desk, id_, _said(desk, request)))


def withdraw_model(desk: Desk, request: Request, id_: str) -> Response:
    """POST [base]/Device/[id]/$withdraw"""
    _demand_operator(desk)
    card = _named(own(found(desk.shelf.read("Device", id_)).body), MODEL)
    if card is None:
        text = "this is no model version of this server; only those are withdrawn"
        raise fault(Category.UNPROCESSABLE, "business-rule", text, "Device.identifier")
    said = _said(desk, request)
    try:
        return _answer(desk.withdrawals.withdraw_model(card, said))
    except Raced:  # it is withdrawn already
        return _answer(0)


def _demand_operator(desk: Desk) -> None:
    if "operator" not in desk.caller.roles:
        text = "opinions are withdrawn by clients with the role operator"
        raise fault(Category.FORBIDDEN, "forbidden", text)


def _take_back(desk: Desk, report: str, said: Withdrawal) -> int:
    asked = desk.whole.find(Query("Task", (Reference("output", (f"DiagnosticReport/{report}",)),)), 1)
    case_id = desk.withdrawals.case_of_task(asked[0].id) if asked else None
    if case_id is None:
        raise fault(Category.NOT_FOUND, "not-found", "no case here has led to this opinion")
    try:
        desk.withdrawals.withdraw(case_id, said)
    except IllegalMove as error:
        case = desk.withdrawals.find(case_id)
        if case is not None and case.position.ai is Ai.WITHDRAWN:
            return 0
        text = "a person has this case in hand; it is resumed or ended first, then its opinion is withdrawn"
        raise fault(Category.CONFLICT, "business-rule", text) from error
    return 1


def _said(desk: Desk, request: Request) -> Withdrawal:
    return Withdrawal(*said(desk, request), request.at)


def _named(resource: Resource, system: str) -> str | None:
    named = (each["value"] for each in resource.get("identifier", []) if each.get("system") == system)
    return next(named, None)


def _answer(opinions: int) -> Response:
    body = {"resourceType": "Parameters", "parameter": [{"name": "opinions", "valueInteger": opinions}]}
    return Response(200, dump(body))
