"""Parameters that say nothing of what is found, only of how it is answered (R4 search.html#return)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.fhir.definitions.elements import SHAPES
from server.fhir.query.named import refused
from server.fhir.query.values import KINDS
from server.fhir.rows.extraction import searchable
from server.query import Kind, Sort

LARGEST = 100_000
MOST_KEYS = 5
"""Keys of one order; more of them than anybody would read."""
Pairs = Sequence[tuple[str, str]]


class Summary(StrEnum):
    """Which part of each resource is answered (R4 search.html#summary)."""

    WHOLE = "false"
    TRUE = "true"
    TEXT = "text"
    DATA = "data"
    COUNT = "count"


class Total(StrEnum):
    """How well the number of all matches must be known (R4 search.html#total)."""

    NONE = "none"
    ESTIMATE = "estimate"
    ACCURATE = "accurate"


WRITING = frozenset({"_format", "_pretty"})
"""How the answer is written (R4 http.html#parameters): the door looks at them before anything else."""
ONCE = frozenset({"_contained", "_count", "_elements", "_page", "_sort", "_summary", "_total"}) | WRITING
"""Given twice, they would contradict themselves."""
SEVERAL = frozenset({"_include", "_include:iterate", "_revinclude", "_revinclude:iterate"})
CONTROLS = ONCE | SEVERAL


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is answered at once."""

    usual: int = 50
    """Matches on a page, when nobody says."""
    most: int = 500
    """Matches on a page, whatever is said."""


@dataclass(frozen=True, slots=True)
class Controls:
    """How an answer is to look."""

    count: int
    sort: tuple[Sort, ...] = ()
    summary: Summary = Summary.WHOLE
    elements: tuple[str, ...] = ()
    total: Total | None = None
    page: str | None = None
    """The token of a page that is not the first."""


def controls(type_: str, pairs: Pairs, sizes: Sizes) -> Controls:
    """Raises:
    Fault: INCORRECT, saying what is accepted.
    """
    told = [name for name, _ in pairs if name in ONCE]
    for name in told:
        if told.count(name) > 1:
            raise refused(name, "it is accepted once")
    chosen = dict(pairs)
    if chosen.get("_contained", "false") != "false":
        raise refused(
            "_contained", "contained resources are not searched; false is accepted", "not-supported"
        )
    summary = Summary(_one_of("_summary", chosen.get("_summary", "false"), [*Summary]))
    count = _count(chosen.get("_count"), sizes)
    return Controls(
        count=0 if summary is Summary.COUNT else count,
        sort=_sort(type_, chosen["_sort"]) if "_sort" in chosen else (),
        summary=Summary.COUNT if count == 0 else summary,
        elements=_elements(type_, chosen["_elements"]) if "_elements" in chosen else (),
        total=Total(_one_of("_total", chosen["_total"], [*Total])) if "_total" in chosen else None,
        page=chosen.get("_page"),
    )


def _one_of(name: str, text: str, accepted: Sequence[str]) -> str:
    if text not in accepted:
        raise refused(name, f"accepted: {', '.join(accepted)}")
    return text


def _count(text: str | None, sizes: Sizes) -> int:
    if text is None:
        return min(sizes.usual, sizes.most)
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > LARGEST:
        raise refused("_count", f"a whole number from 0 to {LARGEST} is accepted")
    return min(int(text), sizes.most)


def _sort(type_: str, text: str) -> tuple[Sort, ...]:
    keys = text.split(",")
    if len(keys) > MOST_KEYS:
        raise refused("_sort", f"up to {MOST_KEYS} parameters are accepted", "too-costly")
    return tuple(_key(type_, key.removeprefix("-"), key.startswith("-")) for key in keys)


def _key(type_: str, code: str, descending: bool) -> Sort:
    own = {"_id": Kind.ID, "_lastUpdated": Kind.UPDATED}
    kinds = own | {each.code: KINDS[each.type] for each in searchable(type_).values() if each.type in KINDS}
    if code not in kinds:
        text = f"parameters are accepted, - before one for the greatest first: {', '.join(sorted(kinds))}"
        raise refused("_sort", text)
    return Sort(code, kinds[code], descending)


def _elements(type_: str, text: str) -> tuple[str, ...]:
    names = {element.label for element in SHAPES[type_].elements.values()} | SHAPES[type_].elements.keys()
    asked = tuple(each for each in text.split(",") if each)
    if not asked or not names.issuperset(asked):
        raise refused("_elements", f"elements of {type_} are accepted, with commas between them")
    return asked
