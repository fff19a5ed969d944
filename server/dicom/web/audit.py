"""What one request of this door touched, as accesses (``server/accesses.py``)."""

from __future__ import annotations

import uuid

from server.accesses import Access, Doing, Outcome
from server.dicom.web.desk import TYPE, Desk
from server.dicom.web.exchange import Answer, Request
from server.errors import Category, Fault

_LONGEST = 65_536
"""Characters of a search that are kept."""


def accesses(desk: Desk, request: Request, doing: Doing, came: Answer | Fault) -> list[Access]:
    """A search is one access, whatever it found; of anything else each study is one."""
    studies = came.studies if isinstance(came, Answer) else ()
    if doing is Doing.SEARCH:
        return [_access(desk, request, doing, came, studies)]
    return [_access(desk, request, doing, came, (each,)) for each in studies] or [
        _access(desk, request, doing, came, ())
    ]


def _access(
    desk: Desk, request: Request, doing: Doing, came: Answer | Fault, studies: tuple[str, ...]
) -> Access:
    outcome, detail = _outcome(came)
    query = f"?{request.query}" if request.query else ""
    return Access(
        id=str(uuid.uuid4()),
        at=request.at,
        doing=doing,
        name=request.caller.name,
        client=request.caller.client,
        address=request.address,
        request=request.id,
        outcome=outcome,
        detail=detail,
        type=TYPE,
        what=desk.pictured(studies) if studies else (),
        query=f"{request.method} {request.path}{query}"[:_LONGEST] if doing is Doing.SEARCH else "",
        document=studies[0] if studies and doing is not Doing.SEARCH else "",
    )


def _outcome(came: Answer | Fault) -> tuple[Outcome, str]:
    if isinstance(came, Answer):
        return (Outcome.SUCCESS, "") if came.status < 400 else (Outcome.MINOR, str(came.status))
    detail = "; ".join(dict.fromkeys(issue.code for issue in came.issues))
    if came.category.ours:
        return Outcome.MAJOR, detail
    return (Outcome.SERIOUS if came.category is Category.FORBIDDEN else Outcome.MINOR), detail
