"""Sees what one request touches and lays it down before the answer leaves.

What is written carries its accesses in its own commit (``wrote``). Everything else, what was shown and what
was refused, is laid down together when the request ends: then it can be refused still.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

from server.accesses import Access, AuditTrail, Doing, Outcome
from server.errors import Category, Fault
from server.fhir.asked import Answered, Asked
from server.fhir.exchange import Request, Response
from server.ports import Stored

_METHODS = {"POST": Doing.CREATE, "PUT": Doing.UPDATE, "PATCH": Doing.PATCH, "DELETE": Doing.DELETE}
_LONGEST = 65_536
"""Characters of a search that are kept."""
WRITING = frozenset(_METHODS.values())
"""What the desk lays down itself, when it succeeds."""
FINDING = frozenset(
    {Doing.SEARCH, Doing.HISTORY_OF_TYPE, Doing.HISTORY_OF_ALL, Doing.COLLECT, Doing.HISTORY, Doing.ASK}
)
"""What is told with the words in which it was asked."""


def versioned(stored: Stored) -> str:
    return f"{stored.type}/{stored.id}/_history/{stored.version}"


@dataclass(slots=True)
class Witness:
    """All accesses of one request of one caller."""

    trail: AuditTrail
    at: datetime
    name: str
    client: str = ""
    address: str = ""
    request: str = ""
    seen: list[Access] = field(default_factory=list)
    _alike: set[tuple[object, ...]] = field(default_factory=set)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises Fault(UNAVAILABLE), whatever the answer was to be, when it cannot be laid down."""
        if self.seen:
            self.trail.keep(self.seen)

    def access(
        self,
        doing: Doing,
        what: tuple[str, ...],
        type_: str,
        came: tuple[Outcome, str] = (Outcome.SUCCESS, ""),
        query: str = "",
    ) -> Access:
        outcome, detail = came
        return Access(
            id=str(uuid.uuid4()),
            at=self.at,
            doing=doing,
            name=self.name,
            client=self.client,
            address=self.address,
            request=self.request,
            outcome=outcome,
            detail=detail,
            type=type_,
            what=what,
            query=query,
        )

    def wrote(self, asked: Sequence[Asked], answers: Sequence[Answered]) -> tuple[Access, ...]:
        """One access for each entry of a request that writes."""
        return tuple(
            self.access(_METHODS[each.method], _written(each, answer), each.type)
            for each, answer in zip(asked, answers, strict=True)
        )

    def note(self, access: Access) -> None:
        """A transaction reads twice what it reads: before it writes, and after."""
        alike = access.doing, access.type, access.what, access.query, access.outcome
        if alike not in self._alike:
            self._alike.add(alike)
            self.seen.append(access)

    def unanswered(self) -> None:
        """The whole answer is refused: nothing was shown, whatever was looked up for it."""
        self.seen = [each for each in self.seen if each.outcome is not Outcome.SUCCESS]

    def watching(self, doing: Doing | None, type_: str, id_: str = "", version: int = 0) -> Account:
        """Around one interaction; None for what concerns no patient."""
        place = f"{type_}/{id_}" if id_ else ""
        return Account(self, doing, type_, f"{place}/_history/{version}" if version else place)


def _written(asked: Asked, answer: Answered) -> tuple[str, ...]:
    if answer.stored is not None:
        return (versioned(answer.stored),)
    return (f"{asked.type}/{asked.id}",) if asked.id else ()


@dataclass(slots=True)
class Account:
    """One interaction: what it asked, and what came of it."""

    witness: Witness
    doing: Doing | None
    type_: str
    place: str
    _query: str = ""
    _response: Response | None = None

    def __enter__(self) -> Self:
        return self

    def asks(self, request: Request) -> None:
        if self.doing in FINDING:
            query = f"?{request.query}" if request.query else ""
            form = request.body.decode("utf-8", "replace") if request.method == "POST" else ""
            self._query = f"{request.method} {request.path}{query}"[:_LONGEST]
            if form:
                self._query = f"{self._query}\n{form}"[:_LONGEST]

    def answered(self, response: Response) -> Response:
        self._response = response
        return response

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.doing is None:
            return
        if error is not None and self.doing is Doing.TRANSACTION:
            self.witness.unanswered()
        if error is None and (self.doing in WRITING or self.doing is Doing.TRANSACTION):
            return
        self.witness.note(self._access(error))

    def _access(self, error: BaseException | None) -> Access:
        if self.doing is None:
            raise TypeError("what concerns no patient is not laid down")
        told = () if self._response is None else tuple(versioned(each) for each in self._response.told)
        asked = (self.place,) if self.place else ()
        came = _came(error, self._response)
        return self.witness.access(self.doing, told or asked, self.type_, came, self._query)


def _came(error: BaseException | None, response: Response | None) -> tuple[Outcome, str]:
    if isinstance(error, Fault):
        return _outcome(error), "; ".join(dict.fromkeys(issue.code for issue in error.issues))
    if error is not None or response is None:
        return Outcome.MAJOR, "exception"
    return (Outcome.SUCCESS, "") if response.status < 400 else (Outcome.MINOR, str(response.status))


def _outcome(failure: Fault) -> Outcome:
    if failure.category.ours:
        return Outcome.MAJOR
    return Outcome.SERIOUS if failure.category is Category.FORBIDDEN else Outcome.MINOR
