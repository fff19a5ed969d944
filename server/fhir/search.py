"""search: GET [base]/[type]?... and POST [base]/[type]/_search (R4 search.html)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from server.errors import Category, fault
from server.fhir.criteria import WRITING, known, many, parse_query
from server.fhir.desk import Desk, readable
from server.fhir.exchange import Request, Response
from server.fhir.outcome import warning
from server.fhir.parse import BUNDLE_BYTES, parse
from server.fhir.veil import without_sealed
from server.fhir.write import dump
from server.ports import Resource, Stored
from server.times import instant

_PAGE, _MOST, _DEEPEST = 50, 500, 100_000
_OURS = frozenset({"_count", "_offset"}) | WRITING
_NARROWING = frozenset({"_content", "_filter", "_has", "_list", "_query", "_text"})
"""Parameters of R4 that choose which resources are found; ignored, they would find too many."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    pairs: list[tuple[str, str]]
    ignored: list[str]
    count: int
    offset: int


def search(desk: Desk, request: Request, type_: str) -> Response:
    readable(type_)
    form = request.body.decode("ascii", "replace") if request.method == "POST" else ""
    pairs = parse_query(request.query) + parse_query(form)
    wanted = _wanted(type_, pairs, strict=request.prefers("handling=strict"))
    found = desk.shelf.search(type_, many(type_, wanted.pairs, desk.base), wanted.offset + wanted.count + 1)
    page = found[wanted.offset : wanted.offset + wanted.count]
    shown = without_sealed(desk.seals, page)
    more = wanted.count > 0 and len(found) > wanted.offset + wanted.count
    return Response(200, dump(_bundle(desk.base, type_, wanted, shown, request, more=more)))


def _wanted(type_: str, pairs: list[tuple[str, str]], *, strict: bool) -> _Wanted:
    ignored = [name for name, _ in pairs if name not in _OURS and not known(type_, name)]
    for name in ignored:
        base = re.split("[:.]", name, maxsplit=1)[0]
        if strict or base in _NARROWING or (base != name and known(type_, base)):
            # An ignored modifier or chain would turn a condition into another one: never lenient about it.
            raise fault(
                Category.INCORRECT,
                "not-supported",
                f"a search parameter or modifier of {type_} is not supported here",
            )
    chosen = dict(pairs)
    return _Wanted(
        pairs=[(name, text) for name, text in pairs if known(type_, name)],
        ignored=ignored,
        count=min(_number(chosen.get("_count"), _PAGE, "_count"), _MOST),
        offset=_number(chosen.get("_offset"), 0, "_offset"),
    )


def _number(text: str | None, default: int, name: str) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) > _DEEPEST:
        raise fault(Category.INCORRECT, "value", f"{name} is a whole number from 0 to {_DEEPEST}")
    return int(text)


def _bundle(
    base: str, type_: str, wanted: _Wanted, page: list[Stored], request: Request, *, more: bool
) -> Resource:
    links = [{"relation": "self", "url": _url(base, type_, wanted, wanted.offset)}]
    if more:
        links.append({"relation": "next", "url": _url(base, type_, wanted, wanted.offset + wanted.count)})
    entries = [_entry(base, each) for each in page]
    if wanted.ignored:
        text = f"{len(wanted.ignored)} unknown search parameters were ignored"
        entries.append({"search": {"mode": "outcome"}, "resource": warning("not-supported", text)})
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": instant(request.at),
        **({} if more or wanted.offset or not wanted.count else {"total": len(page)}),
        "link": links,
        **({"entry": entries} if entries else {}),
    }


def _url(base: str, type_: str, wanted: _Wanted, offset: int) -> str:
    query = [*wanted.pairs, ("_count", str(wanted.count)), *([("_offset", str(offset))] if offset else [])]
    return f"{base}/{type_}?{urlencode(query)}"


def _entry(base: str, stored: Stored) -> Resource:
    return {
        "fullUrl": f"{base}/{stored.type}/{stored.id}",
        "resource": parse(stored.body, limit=BUNDLE_BYTES),
        "search": {"mode": "match"},
    }
