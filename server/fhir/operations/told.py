"""Parameters of an operation, told in the URL or in a body of Parameters (R4 operations.html#executing)."""

from __future__ import annotations

from collections.abc import Collection

from server.errors import Category, fault
from server.fhir.desk import Desk
from server.fhir.exchange import Request
from server.fhir.format import received
from server.fhir.query.asked import pairs_of
from server.fhir.validate import check

_ABOUT_THE_ANSWER = ("_format", "_pretty")


def told(desk: Desk, request: Request, accepted: Collection[str]) -> list[tuple[str, str]]:
    """Name and value of each, those of the URL first.

    Raises:
        Fault: INCORRECT for parameters that the operation does not have.
    """
    found = pairs_of(request.query)
    if request.body:
        parameters = received(request, desk.max_resource)
        check(parameters, "Parameters")
        for each in parameters.get("parameter", []):
            value = next((str(value) for name, value in each.items() if name.startswith("value")), "")
            found.append((str(each.get("name", "")), value))
    if unknown := [name for name, _ in found if name not in (*accepted, *_ABOUT_THE_ANSWER)]:
        text = f"{len(unknown)} parameters are not supported here; accepted: {', '.join(accepted)}"
        raise fault(Category.INCORRECT, "not-supported", text)
    return found
