"""Criteria in place of an id (R4 http.html#ccreate, #cond-update; the same for delete and patch).

The one place where they are read, and where what they match is looked up.
"""

from __future__ import annotations

from collections.abc import Collection

from server.errors import Category, fault
from server.fhir.criteria import many, parse_query
from server.fhir.query.controls import CONTROLS
from server.ports import Criterion, Shelf, Stored


def criteria(type_: str, query: str) -> tuple[Criterion, ...]:
    """What is to be matched. Unknown parameters are refused, never ignored; what says how the answer is
    to look matches nothing.

    Raises:
        Fault: INCORRECT, as an ignored criterion could match a stranger's resource.
    """
    pairs = [pair for pair in parse_query(query.lstrip("?")) if pair[0] not in CONTROLS]
    if not pairs:
        raise fault(
            Category.INCORRECT, "required", "a conditional request needs at least one search parameter"
        )
    return many(type_, pairs)


def matching(
    shelf: Shelf, type_: str, wanted: tuple[Criterion, ...], without: Collection[str] = ()
) -> list[Stored]:
    """Up to two current resources that match, but for those with the ids in ``without``."""
    found = shelf.search(type_, wanted, 2 + len(without))
    return [each for each in found if each.id not in without][:2]


def one_at_most(found: list[Stored], path: str) -> Stored | None:
    """The one that matches, or None.

    Raises:
        Fault: STALE when there is more than one.
    """
    if len(found) > 1:
        text = "more than one resource matches; give criteria that match one"
        raise fault(Category.STALE, "multiple-matches", text, path)
    return found[0] if found else None
