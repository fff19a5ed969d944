"""history of a resource, of a type, of all (R4 http.html#history): newest first, tombstones included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec

from server.errors import Category, fault
from server.fhir.bindings import KEPT
from server.fhir.definitions.types import AUDITS
from server.fhir.desk import Desk, readable
from server.fhir.exchange import Request, Response, location
from server.fhir.filling import filled
from server.fhir.query.asked import pairs_of
from server.fhir.read import found
from server.fhir.spans import Span, span
from server.fhir.times import moment
from server.fhir.veil import demand_shown, without_sealed
from server.fhir.write import dump
from server.ports import Method, Past, Stored
from server.times import instant

PAGE, MOST = 50, 500
_OURS = ("_count", "_since", "_at", "_sort", "_page", "_format", "_pretty")
_NEWEST_FIRST = "-_lastUpdated"
_ALL = tuple(each for each in KEPT if each != AUDITS)
"""Reading the history of everything is an access too: whoever follows it would never come to its end."""


def history(desk: Desk, request: Request, type_: str, id_: str) -> Response:
    readable(type_)
    past = _past(request, (type_,))
    demand_shown(desk.seals, found(desk.shelf.newest(type_, id_)), desk.caller)
    return _answer(desk, request, replace(past, id=id_), f"{type_}/{id_}/_history")


def history_type(desk: Desk, request: Request, type_: str) -> Response:
    readable(type_)
    return _answer(desk, request, _past(request, (type_,)), f"{type_}/_history")


def history_system(desk: Desk, request: Request) -> Response:
    return _answer(desk, request, _past(request, _ALL), "_history")


def _past(request: Request, types: tuple[str, ...]) -> Past:
    chosen = _chosen(request)
    if chosen.get("_sort", _NEWEST_FIRST) != _NEWEST_FIRST:
        raise fault(Category.INCORRECT, "not-supported", f"a history is sorted {_NEWEST_FIRST} only")
    since = moment(chosen["_since"]) if "_since" in chosen else None
    if "_since" in chosen and since is None:
        raise fault(Category.INCORRECT, "value", "_since is an instant: date, time and zone")
    return Past(
        types, count(chosen), since=since, during=_during(chosen.get("_at")), after=chosen.get("_page")
    )


def _chosen(request: Request) -> Mapping[str, str]:
    pairs = pairs_of(request.query)
    if request.prefers("handling=strict") and any(name not in _OURS for name, _ in pairs):
        accepted = ", ".join(_OURS)
        raise fault(Category.INCORRECT, "not-supported", f"parameters of a history: {accepted}")
    return dict(pairs)


def count(chosen: Mapping[str, str]) -> int:
    """How many entries a page is to hold.

    Raises:
        Fault: INCORRECT when _count is no number.
    """
    text = chosen.get("_count", str(PAGE))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise fault(Category.INCORRECT, "value", "_count is a whole number")
    return min(int(text), MOST)


def _during(text: str | None) -> Span | None:
    if text is None:
        return None
    period = span(text)
    if period is None:
        raise fault(Category.INCORRECT, "value", "_at is a year, a month, a day, or a time with its zone")
    return period


def _answer(desk: Desk, request: Request, past: Past, path: str) -> Response:
    stretch = filled(
        lambda size, after: desk.shelf.history(replace(past, limit=size, after=after)),
        partial(without_sealed, desk.seals),
        past.limit,
        past.after,
    )
    shown = stretch.found
    whole = past.after is None and stretch.next is None and past.limit > 0
    links = [_link(f"{desk.base}/{path}", request, past, "self", past.after)]
    if stretch.next:
        links.append(_link(f"{desk.base}/{path}", request, past, "next", stretch.next))
    bundle = {
        "resourceType": "Bundle",
        "type": "history",
        "timestamp": instant(request.at),
        **({"total": len(shown)} if whole else {}),
        "link": links,
        **({"entry": [entry(desk.base, each) for each in shown]} if shown else {}),
    }
    return Response(200, dump(bundle), shown=shown)


def _link(url: str, request: Request, past: Past, relation: str, page: str | None) -> dict[str, str]:
    asked = [pair for pair in pairs_of(request.query) if pair[0] in ("_since", "_at", "_sort")]
    query = [*asked, ("_count", str(past.limit)), *([("_page", page)] if page else [])]
    return {"relation": relation, "url": f"{url}?{urlencode(query)}"}


def entry(base: str, stored: Stored) -> dict[str, Any]:
    """What was done, what came of it, and the resource as it then was (R4 Bundle.entry, bdl-3, bdl-4)."""
    created = stored.method is Method.POST
    place = f"{stored.type}/{stored.id}"
    return {
        "fullUrl": f"{base}/{place}",
        **({} if stored.deleted else {"resource": msgspec.Raw(stored.body)}),
        "request": {"method": stored.method.value, "url": stored.type if created else place},
        "response": {
            "status": _status(stored),
            "location": location(stored, base),
            "etag": f'W/"{stored.version}"',
            "lastModified": instant(stored.updated_at),
        },
    }


def _status(stored: Stored) -> str:
    if stored.deleted:
        return "204"
    return "201" if stored.version == 1 else "200"
