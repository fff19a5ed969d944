"""$complete-study: the study of a Task's case is complete as it is here (OperationDefinition/complete-study).

Said by a person, or by the system that knows. It holds for just the objects that are here; sending it again
changes nothing and is answered alike.
"""

from __future__ import annotations

from server.errors import Category, fault
from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.operations.said import said
from server.fhir.read import found
from server.fhir.write import dump


def complete_study(desk: Desk, request: Request, id_: str) -> Response:
    """POST [base]/Task/[id]/$complete-study"""
    if "operator" not in desk.caller.roles:
        text = "studies are called complete by clients with the role operator"
        raise fault(Category.FORBIDDEN, "forbidden", text)
    found(desk.shelf.read("Task", id_))
    by, reason = said(desk, request)
    objects = desk.completing.call(id_, by, reason, request.at)
    body = {"resourceType": "Parameters", "parameter": [{"name": "objects", "valueInteger": objects}]}
    return Response(200, dump(body))
