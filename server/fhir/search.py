"""search: of a type, by GET or POST, and in the compartment of a Patient (R4 http.html#search, #vsearch)."""

from __future__ import annotations

from server.errors import Category, Fault, fault
from server.fhir.compartment import belonging
from server.fhir.desk import Desk, readable
from server.fhir.exchange import Request, Response
from server.fhir.included import Included
from server.fhir.query.asked import Search, asked, pairs_of
from server.fhir.query.asker import Asker
from server.fhir.query.controls import Summary, Total
from server.fhir.searchset import Answer, searchset
from server.fhir.veil import without_sealed
from server.fhir.write import dump
from server.ports import Shelf

COUNTED = 1_000_000
"""Matches that are counted when only their number is asked for; more are told as "at least"."""


def search(desk: Desk, request: Request, type_: str, id_: str | None = None) -> Response:
    """``id_``: only in the compartment of this Patient (R4 http.html#vsearch)."""
    readable(type_)
    form = request.body.decode("ascii", "replace") if request.method == "POST" else ""
    pairs = pairs_of(request.query) + pairs_of(form)
    asker = desk.asker(request)
    wanted = asked(type_, pairs, asker, strict=request.prefers("handling=strict"), sizes=desk.sizes)
    if id_ is not None:
        wanted = wanted.within(f"Patient/{id_}/{type_}", belonging(type_, id_))
    desk.rights.demand_ways(wanted.query.where)
    with desk.shelf.snapshot() as shelf:
        counts_only = wanted.controls.summary is Summary.COUNT
        answer = _counted(shelf, wanted) if counts_only else _page(desk, shelf, wanted, asker)
    body = dump(searchset(desk.base, wanted, answer, request.at))
    return Response(200, body, shown=(*answer.matches, *answer.included))


def _counted(shelf: Shelf, wanted: Search) -> Answer:
    total = shelf.count(wanted.query, COUNTED)
    return Answer((), total=total, warnings=(*ignored(wanted), *at_least(total)))


def _page(desk: Desk, shelf: Shelf, wanted: Search, asker: Asker) -> Answer:
    chosen = wanted.controls
    page = shelf.page(wanted.query, chosen.count, chosen.page)
    if page is None:
        raise no_page()
    # Between two pages a report may have come under seal; what is kept knows nothing of it.
    matches = without_sealed(desk.seals, shelf.fetch(page.entries), desk.caller)
    included = Included(shelf, asker, desk.max_included)
    included.follow(matches, wanted.includes)
    told = list(ignored(wanted))
    if included.cut:
        told.append(("incomplete", f"only {desk.max_included} resources are included with a page"))
    if page.cut:
        told.append(("incomplete", "too many match to put all of them in order; narrow the search"))
    total = page.total
    if chosen.total is Total.NONE:
        total = None
    elif chosen.total is not None and total is None:
        total = shelf.count(wanted.query, COUNTED)
        told += at_least(total)
    known = (("first", page.first), ("previous", page.previous), ("next", page.next))
    ways = tuple((relation, token) for relation, token in known if token is not None)
    return Answer(matches, included.found, total, ways, tuple(told))


def no_page() -> Fault:
    text = "_page: this page is no longer kept, or was of another search; search again from the first page"
    return fault(Category.INCORRECT, "invalid", text)


def at_least(total: int) -> tuple[tuple[str, str], ...]:
    return (("incomplete", f"matches are counted up to {COUNTED}"),) if total >= COUNTED else ()


def ignored(wanted: Search) -> tuple[tuple[str, str], ...]:
    if not wanted.ignored:
        return ()
    return (("not-supported", f"{wanted.ignored} unknown search parameters were ignored"),)
