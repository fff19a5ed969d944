"""A C-FIND under way (PS3.4 C.4.1): page by page, each of them told to auditors before it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from pydicom.datadict import keyword_for_tag

from server.accesses import Access, AuditTrail, Doing
from server.dicom.account import Account
from server.dicom.dimse.command import Field, respond
from server.dicom.dimse.status import Status, status_of
from server.dicom.query.identifier import Identifier, Written, read, write
from server.dicom.receive.operation import Asking, Lost, Portion
from server.dicom.rights import NEEDED
from server.dicom.upper import answer
from server.dicom.upper.association import Commanded, Event
from server.errors import Category, Fault, fault


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what matches."""

    matches: Sequence[Written]
    accesses: Sequence[Access]
    """What is shown by it."""
    last: bool


class Pages(Protocol):
    """What one kind of query finds."""

    def open(self, identifier: Identifier, account: Account) -> bool:
        """Understand it and see that there is not too much; True when keys are unsupported. Raises Fault."""
        ...

    def next(self) -> Page:
        """Raises Fault."""
        ...


class Finding:
    """``server.dicom.receive.operation.Operation``."""

    def __init__(self, asking: Asking, pages: Pages, trail: AuditTrail, type_: str) -> None:
        self._asking = asking
        self._pages = pages
        self._trail = trail
        self._account = account_of(asking, Doing.SEARCH, type_, "")
        self._pending: Status | None = None
        """What each match is answered with, once the query is understood."""
        self._cancelled = False
        self._matches = 0
        self._status: Status | None = None

    @property
    def told(self) -> Mapping[str, object]:
        status = "" if self._status is None else f"{self._status:04x}"
        return {"what": "C-FIND", "status": status, "matches": self._matches}

    @property
    def refused(self) -> bool:
        return self._status is Status.NOT_AUTHORIZED

    def hear(self, event: Event) -> bool:
        if not cancels(event):
            return False
        self._cancelled = True
        return True

    def hear_elsewhere(self, event: Event | Lost, longest: int) -> None:
        """Nobody else is asked."""

    def carry(self) -> Portion:
        if self._cancelled:
            return self._final(Status.CANCELLED)
        try:
            return self._next()
        except Fault as failure:
            return self._final(*refusal(failure, self._account, self._trail))

    def close(self) -> None:
        """Nothing is open."""

    def _next(self) -> Portion:
        if self._pending is None:
            demand_right(self._asking)
            identifier = read(self._asking.identifier, self._asking.context.syntax)
            self._account = account_of(self._asking, Doing.SEARCH, self._account.type, words(identifier))
            unmatched = self._pages.open(identifier, self._account)
            self._pending = Status.PENDING_WITHOUT_SOME_KEYS if unmatched else Status.PENDING
        page = self._pages.next()
        self._trail.keep(page.accesses)
        told = b"".join(self._match(each, self._pending) for each in page.matches)
        self._matches += len(page.matches)
        if not page.last:
            return Portion(told)
        ended = self._final(Status.SUCCESS)
        return Portion(told + ended.pdus, ended=True)

    def _match(self, told: Written, status: Status) -> bytes:
        asking = self._asking
        said = respond(asking.command, status, has_data=True)
        data = write(told, asking.context.syntax)
        return answer.command(asking.context.id, said, asking.peer_max) + answer.data(
            asking.context.id, data, asking.peer_max, last=True
        )

    def _final(self, status: Status, text: str = "") -> Portion:
        self._status = status
        said = respond(self._asking.command, status, text)
        return Portion(answer.command(self._asking.context.id, said, self._asking.peer_max), ended=True)


def cancels(event: Event) -> bool:
    """Whatever message it names: only one is under way (PS3.7 9.3.2.3)."""
    if not isinstance(event, Commanded) or event.command.has_data:
        return False
    return event.command.field == Field.C_CANCEL_RQ


def demand_right(asking: Asking) -> None:
    """Raises Fault(FORBIDDEN)."""
    right = NEEDED[asking.context.sop_class]
    if right not in asking.rights:
        raise fault(Category.FORBIDDEN, "forbidden", f'this needs "{right}" in may of the peer and the title')


def refusal(failure: Fault, account: Account, trail: AuditTrail) -> tuple[Status, str]:
    """What is answered; told to auditors first, or answered that they could not be told."""
    try:
        trail.keep(account.refused(failure))
    except Fault as unwritten:
        failure = unwritten
    return status_of(failure.category), failure.issues[0].text


def account_of(asking: Asking, doing: Doing, type_: str, query: str) -> Account:
    """A peer is told apart where there is a file of peers."""
    known = asking.peers.peers is not None
    return Account(
        at=asking.at,
        name=asking.calling,
        client=asking.calling if known else "",
        address=asking.address,
        doing=doing,
        query=f"DIMSE {asking.context.sop_class}{query}",
        type=type_,
    )


def words(identifier: Identifier) -> str:
    """A query as auditors read it."""
    told = "&".join(_words(identifier, ""))
    return f"?{told}" if told else ""


def _words(identifier: Identifier, before: str) -> Iterator[str]:
    for tag, value in identifier.values.items():
        yield f"{before}{_name(tag)}={quote(value, safe='*')}"
    for tag, items in identifier.items.items():
        for each in items:
            yield from _words(each, f"{before}{_name(tag)}.")


def _name(tag: int) -> str:
    return keyword_for_tag(tag) or f"{tag:08X}"
