"""$keep: the physician in charge keeps the first report (OperationDefinition/keep).

Possible once that answer has been told, and says otherwise. What was kept is on disk before it is answered;
saying the same again changes nothing and is answered alike.
"""

from __future__ import annotations

from server.arbitration import Kept
from server.case import IllegalMove
from server.errors import Category, fault
from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.operations.said import said
from server.fhir.read import found
from server.fhir.write import dump


def keep(desk: Desk, request: Request, id_: str) -> Response:
    """POST [base]/Task/[id]/$keep"""
    if "operator" not in desk.caller.roles:
        text = "that a first report is kept is said by clients with the role operator"
        raise fault(Category.FORBIDDEN, "forbidden", text)
    found(desk.shelf.read("Task", id_))
    by, reason = said(desk, request)
    case_id = desk.withdrawals.case_of_task(id_)
    if case_id is None:
        raise fault(Category.NOT_FOUND, "not-found", "no case here was opened by this Task")
    before = desk.withdrawals.kept(case_id)
    if before is not None and (before.by, before.reason) == (by, reason):
        return _answer(by)
    try:
        desk.withdrawals.keep(case_id, Kept(by, reason, request.at))
    except IllegalMove as error:
        text = (
            "a first report is kept once the case's final answer has been told, against an answer that says "
            "otherwise, and once; not while the same question about the patient is open again: then once "
            "that is resolved"
        )
        raise fault(Category.CONFLICT, "business-rule", text) from error
    return _answer(by)


def _answer(by: str) -> Response:
    body = {"resourceType": "Parameters", "parameter": [{"name": "keptBy", "valueString": by}]}
    return Response(200, dump(body))
