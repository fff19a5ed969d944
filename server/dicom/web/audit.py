"""What one request of this door touched, as accesses (``server/accesses.py``)."""

from __future__ import annotations

from server.accesses import Access, Doing, Outcome
from server.dicom.account import Account
from server.dicom.web.desk import Desk
from server.dicom.web.exchange import Answer, Request
from server.errors import Fault


def accesses(desk: Desk, request: Request, doing: Doing, came: Answer | Fault) -> list[Access]:
    query = f"?{request.query}" if request.query else ""
    account = Account(
        at=request.at,
        name=request.caller.name,
        client=request.caller.client,
        address=request.address,
        doing=doing,
        query=f"{request.method} {request.path}{query}",
        request=request.id,
    )
    if isinstance(came, Fault):
        return account.refused(came)
    if came.status < 400:
        return account.of_studies(came.studies, desk.pictured)
    return account.of_studies(came.studies, desk.pictured, Outcome.MINOR, str(came.status))
