"""The Bundle that answers a search (R4 bundle.html, search.html#errors)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec

from server.fhir.outcome import warnings
from server.fhir.parse import own
from server.fhir.query.asked import Search
from server.fhir.query.controls import Summary
from server.fhir.summary import Part, of_included, of_match
from server.ports import Resource, Stored
from server.times import instant


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search has found, page and all."""

    matches: Sequence[Stored]
    included: Sequence[Stored] = ()
    total: int | None = None
    ways: tuple[tuple[str, str], ...] = ()
    """(relation, token) of the other pages that are known (R4 search.html#paging)."""
    warnings: tuple[tuple[str, str], ...] = ()
    """(R4 issue type, words) of what the searcher ought to know."""


def searchset(base: str, search: Search, answer: Answer, at: Any) -> dict[str, Any]:
    """Stored bodies stand in it as they are, unless only a part of them was asked for."""
    entries = [
        *_entries(base, answer.matches, "match", of_match(search.controls)),
        *_entries(base, answer.included, "include", of_included(search.controls)),
    ]
    if answer.warnings:
        entries.append({"resource": warnings(answer.warnings), "search": {"mode": "outcome"}})
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": instant(at),
        **({} if answer.total is None else {"total": answer.total}),
        "link": _links(base, search, answer),
        **({"entry": entries} if entries else {}),
    }


def _links(base: str, search: Search, answer: Answer) -> list[Resource]:
    links = [{"relation": "self", "url": _url(base, search, search.controls.page)}]
    links += [{"relation": name, "url": _url(base, search, token)} for name, token in answer.ways]
    return links


def _url(base: str, search: Search, page: str | None) -> str:
    query = [*search.applied]
    if search.controls.summary is not Summary.COUNT or ("_summary", "count") not in query:
        query.append(("_count", str(search.controls.count)))
    if page is not None:
        query.append(("_page", page))
    address = f"{base}/{search.path}" if search.path else base
    return f"{address}?{urlencode(query)}"


def _entries(base: str, found: Iterable[Stored], mode: str, part: Part | None) -> Iterable[dict[str, Any]]:
    for each in found:
        whole = msgspec.Raw(each.body) if part is None else part(own(each.body))
        yield {
            "fullUrl": f"{base}/{each.type}/{each.id}",
            "resource": whole,
            "search": {"mode": mode},
        }
