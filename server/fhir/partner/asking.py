"""What a partner is asked, and the pages that it answers with (R4 search.html). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote

from server.errors import Category, Fault
from server.fhir.parse import read_json
from server.fhir.partner.names import key_of
from server.fhir.pens.datatypes import token
from server.fhir.proof import Answer, retry_after
from server.fhir.times import moment
from server.model import Coding
from server.ports import Resource, Undelivered
from server.times import instant

GIVEN_UP: Final = ("cancelled", "entered-in-error")
"""Their placer wants no answer any more (COW)."""
LARGEST: Final = 8 * 2**20
_OVERLAP: Final = timedelta(minutes=1)
"""A Task may bear an earlier time than an answer that it was not yet part of."""
_COUNT: Final = "_count=100"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search."""

    resources: tuple[Resource, ...]
    next: str | None
    """What to ask for the following page, below the base."""
    answered_at: str
    """The partner's own time of its answer; empty when it does not tell."""


def new_tasks(owner: str, since: str) -> str:
    """The Tasks that wait for us, or no longer do; since the last look, by the partner's clock (SDOHCC)."""
    newer = f",{','.join(GIVEN_UP)}&_lastUpdated=gt{quote(since, safe=':')}" if since else ""
    return f"/Task?{_owner(owner)}&status=requested{newer}&_include=Task:focus&{_COUNT}"


def open_tasks(owner: str) -> str:
    """The Tasks that we claimed: perhaps never taken in, perhaps waiting for more evidence."""
    return f"/Task?{_owner(owner)}&status=received,accepted,on-hold&_include=Task:focus&{_COUNT}"


def evidence(patient: str, codes: Sequence[Coding]) -> str:
    """The patient's measurements that a question's input contract reads."""
    listed = ",".join(token("", each.system, each.code)[1:] for each in codes)
    return f"/Observation?patient={patient.partition('/')[2]}&code={listed}&{_COUNT}"


def is_ours(task: Resource, owner: str, base: str) -> bool:
    """A server that ignores a search parameter finds everything: what is not ours is left alone."""
    named = _object(task.get("owner"))
    if "|" in owner:
        known_as = _object(named.get("identifier"))
        return owner == f"{known_as.get('system', '')}|{known_as.get('value', '')}"
    return owner == str(named.get("reference", "")).removeprefix(f"{base}/")


def page(answer: Answer, base: str) -> Page:
    """What one page says.

    Raises:
        Undelivered: it is no searchset that we can read.
    """
    bundle = _parsed(answer)
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset":
        raise unusable("is no searchset")
    entries = (_object(each).get("resource") for each in _list(bundle.get("entry")))
    found = tuple(each for each in map(_object, entries) if _shaped(each))
    told = str(_object(bundle.get("meta")).get("lastUpdated", ""))
    return Page(found, _next(_list(bundle.get("link")), base), told or _dated(answer.date))


def resource(answer: Answer, key: str) -> Resource:
    """The resource ``Type/id`` that an answer is. Raises Undelivered when it is another, or none."""
    found = _parsed(answer)
    if not _shaped(found) or f"{found['resourceType']}/{found['id']}" != key:
        raise unusable("is not the resource that was asked for")
    return found


def _parsed(answer: Answer) -> Resource:
    """JSON, be it FHIR's or not: one odd resource must not hide the others; each is ruled by itself later."""
    if not 200 <= answer.status < 300:
        raise refused(answer)
    try:
        found = read_json(answer.body, LARGEST)
    except Fault:
        raise unusable("is no JSON, or too large") from None
    return _object(found)


def _shaped(found: Any) -> bool:
    """As much of a resource as is relied on before it is checked against R4's definitions."""
    if not isinstance(found, dict) or not isinstance(found.get("meta", {}), dict):
        return False
    type_, id_ = found.get("resourceType"), found.get("id")
    named = isinstance(type_, str) and isinstance(id_, str)
    return named and key_of(f"{type_}/{id_}", "") == f"{type_}/{id_}"


def _object(value: Any) -> Resource:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def watermark(answered_at: str) -> str:
    """From when the next look must see everything: a little before the answer."""
    at = moment(answered_at)
    return "" if at is None else instant(at - _OVERLAP)


def unusable(what: str) -> Undelivered:
    """Raised for what a partner answers and nobody can use; it may be mended there."""
    return Undelivered(Category.UNAVAILABLE, "incomplete", f"the partner's answer {what}")


def _owner(owner: str) -> str:
    system, bar, value = owner.partition("|")
    return token("owner:identifier", system, value) if bar else f"owner={quote(owner, safe='/')}"


def _next(links: Iterable[Any], base: str) -> str | None:
    """Raises Undelivered for a link that leads away from the base: it is never followed."""
    for each in map(_object, links):
        if each.get("relation") == "next":
            url = str(each.get("url", ""))
            if url.startswith((f"{base}/", f"{base}?")):
                return url.removeprefix(base)
            if "://" not in url and not url.startswith("/"):
                return f"/{url}"
            raise unusable("leads to a next page elsewhere, which is not followed")
    return None


def _dated(date: str) -> str:
    try:
        return instant(parsedate_to_datetime(date))
    except (TypeError, ValueError):
        return ""


def refused(answer: Answer) -> Undelivered:
    """What an answer that is not 2xx says: whatever it is, it may pass, or be mended there."""
    category = Category.BUSY if answer.status in (429, 503) else Category.UNAVAILABLE
    text = f"the partner answered HTTP {answer.status}"
    return Undelivered(category, "transient", text, retry_after=retry_after(answer))
