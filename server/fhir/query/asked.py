"""A whole search: what is looked for, and how it is to be answered (R4 search.html)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from server.errors import Category, Fault, fault
from server.fhir.query.asker import Asker
from server.fhir.query.conditions import condition, known
from server.fhir.query.controls import CONTROLS, Controls, Pairs, Sizes, Summary, controls
from server.fhir.query.includes import Include, includes
from server.fhir.query.named import refused
from server.fhir.rows.extraction import searchable
from server.query import Query, Test

MOST_PARAMETERS = 100
MOST_IN_ALL = 500
"""Values of one search together."""
_SIZES = Sizes()


@dataclass(frozen=True, slots=True)
class Search:
    """What was asked, understood."""

    query: Query
    controls: Controls
    includes: tuple[Include, ...]
    applied: tuple[tuple[str, str], ...]
    """What of it was understood, as it was written: for the self link."""
    ignored: int
    """How many parameters are no parameters of this type."""
    path: str
    """Where it was asked, below our base."""

    def within(self, path: str, test: Test) -> Search:
        """The same in a part of the type that has an address of its own."""
        query = replace(self.query, where=(*self.query.where, test))
        return replace(self, query=query, path=path)


def pairs_of(text: str) -> list[tuple[str, str]]:
    """Name and value pairs of a query string or form.

    Raises:
        Fault: INCORRECT when it is not one.
    """
    try:
        found = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MOST_PARAMETERS
        )
    except ValueError as error:
        raise fault(
            Category.INCORRECT,
            "value",
            f"the query is not a list of up to {MOST_PARAMETERS} name=value pairs",
        ) from error
    return found


def asked(type_: str, pairs: Pairs, asker: Asker, *, strict: bool, sizes: Sizes = _SIZES) -> Search:
    """A search of a type.

    Raises:
        Fault: INCORRECT, saying what is accepted; for an unknown parameter only when ``strict``.
    """
    unknown = [place for place, (name, _) in enumerate(pairs, 1) if not understood(type_, name)]
    if strict and unknown:
        raise unknown_parameters(type_, unknown)
    meant = [pair for place, pair in enumerate(pairs, 1) if place not in unknown]
    told = [(name, text) for name, text in meant if name in CONTROLS]
    looked_for = [(name, text) for name, text in meant if name not in CONTROLS]
    chosen = controls(type_, told, sizes)
    beside = includes(type_, told)
    if beside and chosen.summary is Summary.TEXT:
        raise refused("_summary", "text is not accepted together with what is included")
    where = (*conditions(type_, looked_for, asker), *asker.sees(type_))
    return Search(
        query=Query(type_, where, chosen.sort),
        controls=chosen,
        includes=beside,
        applied=tuple((name, text) for name, text in meant if name not in ("_count", "_page")),
        ignored=len(unknown),
        path=type_,
    )


def unknown_parameters(type_: str, places: Sequence[int]) -> Fault:
    """They are told by their place: a name that is unknown may be anything, a patient's too."""
    accepted = ", ".join(sorted({*searchable(type_), "_id", "_lastUpdated", "_has"}))
    numbers = ", ".join(str(each) for each in places)
    text = f"parameter {numbers} of the search is none of {type_}; accepted: {accepted}"
    return fault(Category.INCORRECT, "not-supported", text)


def understood(type_: str, name: str) -> bool:
    if name in CONTROLS or known(type_, name):
        return True
    base = name.partition(":")[0]
    if base in CONTROLS:
        raise refused(base, "this modifier is not accepted here", "not-supported")
    return False


def conditions(type_: str, pairs: Iterable[tuple[str, str]], asker: Asker) -> tuple[Test, ...]:
    """Several parameters, all to be met.

    Raises:
        Fault: INCORRECT, also when they hold so many values together that the search itself is the cost.
    """
    listed = list(pairs)
    if sum(text.count(",") + 1 for _, text in listed) > MOST_IN_ALL:
        text = f"at most {MOST_IN_ALL} values are accepted in one search"
        raise fault(Category.INCORRECT, "too-costly", text)
    return tuple(condition(type_, name, text, asker) for name, text in listed)
