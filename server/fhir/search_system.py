"""search of all types, of several, and of a whole Patient compartment (R4 http.html#search, #vsearch).

One search of each type, one after the other, each with what its caller may see of it: so its pages stand
still as those of one type do. What is in no order across types is not put in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from server.caller import Deed
from server.errors import Fault
from server.fhir.bindings import KEPT
from server.fhir.compartment import MEMBERS, belonging
from server.fhir.definitions.types import AUDITS
from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.included import Included
from server.fhir.query.asked import Search, asked, pairs_of, understood, unknown_parameters
from server.fhir.query.asker import Asker
from server.fhir.query.controls import SEVERAL, Pairs, Summary, Total
from server.fhir.query.includes import includes
from server.fhir.query.named import refused
from server.fhir.search import COUNTED, at_least, ignored, no_page
from server.fhir.searchset import Answer, searchset
from server.fhir.veil import without_sealed
from server.fhir.write import dump
from server.ports import Shelf
from server.query import NEVER

_TYPE = "_type"
_PLACE = re.compile(r"([0-9]{1,3})\.([!-~]*)")
Entry = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class _Several:
    """The same search of several types."""

    whole: Search
    """How it is answered; its query is that of the first type."""
    each: tuple[Search, ...]


def search_system(desk: Desk, request: Request, id_: str | None = None) -> Response:
    """``id_``: only in the compartment of this Patient."""
    form = request.body.decode("ascii", "replace") if request.method == "POST" else ""
    asker, pairs = desk.asker(request), pairs_of(request.query) + pairs_of(form)
    types = _types(desk, pairs, KEPT if id_ is None else tuple(MEMBERS))
    several = _several(desk, types, pairs, asker, strict=request.prefers("handling=strict"))
    if id_ is not None:
        several = _within(several, id_)
    for each in several.each:
        desk.rights.demand_ways(each.query.where)
    with desk.shelf.snapshot() as shelf:
        counts_only = several.whole.controls.summary is Summary.COUNT
        answer = _counted(shelf, several) if counts_only else _page(desk, shelf, several, asker)
    body = dump(searchset(desk.base, several.whole, answer, request.at))
    return Response(200, body, shown=(*answer.matches, *answer.included))


def _types(desk: Desk, pairs: Pairs, possible: Sequence[str]) -> list[str]:
    """Those that were named; else all of which the caller may find something, but for what was accessed.

    Raises:
        Fault: INCORRECT for another type, FORBIDDEN for one that was named and is out of scope.
    """
    told = [text.split(",") for name, text in pairs if name == _TYPE]
    if len(told) > 1:
        raise refused(_TYPE, "it is accepted once, with commas between several types")
    if not told:
        some = [each for each in possible if each != AUDITS]
        return [each for each in some if desk.rights.sees(each, Deed.SEARCH) != NEVER]
    if not set(told[0]).issubset(possible):
        raise refused(_TYPE, f"accepted, with commas between them: {', '.join(possible)}")
    for each in told[0]:
        desk.rights.demand(each, Deed.SEARCH)
    return list(dict.fromkeys(told[0]))


def _several(desk: Desk, types: Sequence[str], pairs: Pairs, asker: Asker, *, strict: bool) -> _Several:
    """A parameter is one of this search when each of the types has it (R4 search.html#all).

    Raises:
        Fault: INCORRECT, saying what is accepted.
    """
    among = types or ["Patient"]  # whoever may find nothing is answered so
    unknown = [
        place
        for place, (name, _) in enumerate(pairs, 1)
        if name != _TYPE and not all(understood(each, name) for each in among)
    ]
    if strict and unknown:
        lacking = next(each for each in among if not understood(each, pairs[unknown[0] - 1][0]))
        raise unknown_parameters(lacking, unknown)
    if len(among) > 1 and any(name == "_sort" for name, _ in pairs):
        raise refused("_sort", "the types come one after the other; it is accepted with one _type")
    meant = [pair for place, pair in enumerate(pairs, 1) if place not in unknown]
    looked_for = [pair for pair in meant if pair[0] != _TYPE]
    each = tuple(
        asked(type_, list(_for(type_, among, looked_for)), asker, strict=strict, sizes=desk.sizes)
        for type_ in among
    )
    whole = replace(
        each[0],
        includes=tuple(dict.fromkeys(way for one in each for way in one.includes)),
        applied=tuple((name, text) for name, text in meant if name not in ("_count", "_page")),
        ignored=len(unknown),
        path="",
    )
    return _Several(whole, each if types else ())


def _for(type_: str, types: Sequence[str], pairs: Pairs) -> Iterator[tuple[str, str]]:
    """What is included goes out from the types that it can; where it can from none, the first says why."""
    for pair in pairs:
        if pair[0] not in SEVERAL:
            yield pair
            continue
        fitting = [each for each in types if _leads(each, pair)]
        if type_ in (fitting or types[:1]):
            yield pair


def _leads(type_: str, pair: tuple[str, str]) -> bool:
    try:
        return bool(includes(type_, [pair]))
    except Fault:
        return False


def _within(several: _Several, id_: str) -> _Several:
    path = f"Patient/{id_}/*"
    each = tuple(one.within(path, belonging(one.query.type, id_)) for one in several.each)
    return _Several(replace(several.whole, path=path), each)


def _counted(shelf: Shelf, several: _Several) -> Answer:
    total = _total(shelf, several)
    return Answer((), total=total, warnings=(*ignored(several.whole), *at_least(total)))


def _total(shelf: Shelf, several: _Several) -> int:
    total = 0
    for each in several.each:
        total += shelf.count(each.query, COUNTED - total) if total < COUNTED else 0
    return total


def _page(desk: Desk, shelf: Shelf, several: _Several, asker: Asker) -> Answer:
    chosen = several.whole.controls
    entries, following = _stretch(shelf, several)
    matches = without_sealed(desk.seals, shelf.fetch(entries), desk.caller)
    included = Included(shelf, asker, desk.max_included)
    included.follow(matches, several.whole.includes)
    told = list(ignored(several.whole))
    if included.cut:
        told.append(("incomplete", f"only {desk.max_included} resources are included with a page"))
    total = len(entries) if chosen.page is None and following is None else None
    if chosen.total is Total.NONE:
        total = None
    elif chosen.total is not None and total is None:
        total = _total(shelf, several)
        told += at_least(total)
    ways = (("next", following),) if following is not None else ()
    return Answer(matches, included.found, total, ways, tuple(told))


def _stretch(shelf: Shelf, several: _Several) -> tuple[list[Entry], str | None]:
    """One page, from as many types as it takes; and where the next one begins."""
    chosen, each = several.whole.controls, several.each
    place = _PLACE.fullmatch(chosen.page or "0.")
    if place is None:
        raise no_page()
    at, onward, found = int(place[1]), place[2], list[Entry]()
    while at < len(each):
        room = chosen.count - len(found)
        if room == 0:
            if onward or shelf.count(each[at].query, 1):  # no page is empty but the only one
                return found, f"{at}.{onward}"
            at += 1
            continue
        page = shelf.page(each[at].query, room, onward or None)
        if page is None:
            raise no_page()
        found += page.entries
        onward = page.next or ""
        at += not onward
    return found, None
