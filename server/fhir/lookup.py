"""Looking before sending again: is everything that a document would make already there? Pure.

Asked of the destination by the identifiers that the document was minted with, and answered by
what the found resources carry: a server that ignores a search parameter finds everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from server.errors import Category
from server.fhir.pens.datatypes import token
from server.fhir.proof import Answer
from server.fhir.terms import SR
from server.model import Document
from server.ports import Undelivered

_CREATE: Final = re.compile(r"[A-Z][A-Za-z]{1,39}")
_UPDATE: Final = re.compile(r"([A-Z][A-Za-z]{1,39})\?(identifier=[!-~]+)")


class _Name(msgspec.Struct, frozen=True):
    system: str = ""
    value: str = ""
    code: str = ""


class _Meta(msgspec.Struct, frozen=True):
    tag: list[_Name] = []


class _Business(msgspec.Struct, frozen=True):
    coding: list[_Name] = []


class _Reason(msgspec.Struct, frozen=True):
    text: str = ""


class _Resource(msgspec.Struct, frozen=True, rename="camel"):
    resource_type: str = ""
    id: str = ""
    identifier: list[_Name] = []
    meta: _Meta = _Meta()
    status: str = ""
    status_reason: _Reason = _Reason()
    business_status: _Business = _Business()


class _Request(msgspec.Struct, frozen=True, rename="camel"):
    method: str
    url: str
    if_none_exist: str = ""


class _Sent(msgspec.Struct, frozen=True):
    resource: _Resource
    request: _Request


class _Transaction(msgspec.Struct, frozen=True, rename="camel"):
    resource_type: Literal["Bundle"]
    type: Literal["transaction"]
    entry: list[_Sent]


class _Match(msgspec.Struct, frozen=True):
    resource: _Resource = _Resource()


class _Searchset(msgspec.Struct, frozen=True):
    entry: list[_Match] = []


@dataclass(frozen=True, slots=True)
class Sought:
    """One thing that a document makes or moves, and the search that finds it."""

    type: str
    condition: str
    standing: tuple[str, str, str] | None = None
    """(status, statusReason, businessStatus) that an update leaves behind; None for a create."""

    @property
    def path(self) -> str:
        return f"/{self.type}?{self.condition}"

    @property
    def is_placed_task(self) -> bool:
        """Whether it is the Task that was asked of us, not one that we made."""
        ours = self.condition.startswith(token("identifier", SR, "").removesuffix("%7C") + "/")
        return self.type == "Task" and self.standing is not None and not ours

    @property
    def shown(self) -> str:
        """The search for people; of an identifier that we did not mint only the system."""
        minted = self.condition.partition("=")[2].startswith(f"{SR}/")
        return self.path if minted else f"{self.path.partition('%7C')[0]}%7C..."


def sought(document: Document) -> tuple[Sought, ...]:
    """Everything that a write-up makes or moves, in its own order.

    Raises:
        Undelivered: UNPROCESSABLE for what is no transaction, FORBIDDEN for an entry that is
            neither a conditional create nor a conditional update below the destination's base:
            repeated, it would double.
    """
    try:
        entries = msgspec.json.decode(document.content, type=_Transaction).entry
    except msgspec.DecodeError as error:
        raise Undelivered(Category.UNPROCESSABLE, "structure", "only FHIR transactions are sent") from error
    return tuple(_sought(entry.resource, entry.request) for entry in entries)


def _sought(resource: _Resource, request: _Request) -> Sought:
    if request.method == "POST" and request.if_none_exist and _CREATE.fullmatch(request.url):
        return Sought(request.url, request.if_none_exist)
    update = _UPDATE.fullmatch(request.url)
    if request.method == "PUT" and update:
        return Sought(update[1], update[2], _standing(resource))
    raise Undelivered(
        Category.FORBIDDEN,
        "business-rule",
        "only conditional creates and updates by identifier, below the destination's base, are sent",
    )


def matches(answer: Answer, each: Sought) -> list[_Resource] | None:
    """What a search found; None when the answer does not tell."""
    try:
        found = msgspec.json.decode(answer.body, type=_Searchset).entry
    except (msgspec.DecodeError, RecursionError):
        return None
    return [
        match.resource
        for match in found
        if match.resource.resource_type == each.type and _carries(match.resource, each.condition)
    ]


def there(found: list[_Resource], each: Sought) -> str | None:
    """``Type/id`` of the one that is there and stands as it should; None when it is not.

    Raises:
        Undelivered: CONFLICT when there is more than one: a person decides which one stays.
    """
    if len(found) > 1:
        raise Undelivered(
            Category.CONFLICT,
            "multiple-matches",
            f"the destination holds {len(found)} where one is expected, see GET [base]{each.shown}; "
            "leave one there, then send again",
        )
    if not found or (each.standing is not None and _standing(found[0]) != each.standing):
        return None
    return f"{each.type}/{found[0].id}"


def _carries(resource: _Resource, condition: str) -> bool:
    return condition in (
        *(token("identifier", each.system, each.value) for each in resource.identifier),
        *(token("_tag", each.system, each.code) for each in resource.meta.tag),
    )


def _standing(resource: _Resource) -> tuple[str, str, str]:
    codes = [each.code for each in resource.business_status.coding]
    return resource.status, resource.status_reason.text, codes[0] if codes else ""
