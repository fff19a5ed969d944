"""Who decided, and why: what the operations take that lay a person's word down."""

from __future__ import annotations

from server.errors import Category, fault
from server.fhir.desk import Desk
from server.fhir.exchange import Request
from server.fhir.format import received
from server.fhir.validate import check
from server.words import one_line


def said(desk: Desk, request: Request) -> tuple[str, str]:
    """(by, reason) of a Parameters; the client is named in any case.

    Raises:
        Fault: INCORRECT, when it is not these, or not one line each.
    """
    told = received(request, desk.max_resource)
    check(told, "Parameters")
    parts = told.get("parameter", [])
    values = {each["name"]: str(each.get("valueString", "")) for each in parts}
    if len(values) < len(parts) or not {"reason"} <= set(values) <= {"reason", "by"}:
        text = "Parameters with one valueString each are accepted: reason (needed), by (who decided)"
        raise fault(Category.INCORRECT, "required", text, "Parameters.parameter")
    try:
        reason, by = one_line(values["reason"]), one_line(values["by"]) if "by" in values else ""
    except ValueError as error:
        raise fault(Category.INCORRECT, "value", f"reason and by {error}", "Parameters.parameter") from error
    client = desk.caller.name
    return (f"{by} ({client})" if by else client), reason
