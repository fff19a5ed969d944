"""Criteria in place of an id (R4 http.html#ccreate, #cond-update, #trules; the same for delete and patch).

The one place where they are read, and where what they match is looked up.
"""

from __future__ import annotations

from collections.abc import Collection

from server.errors import Category, fault
from server.fhir.query.asked import conditions, pairs_of, unknown_parameters
from server.fhir.query.asker import Asker
from server.fhir.query.conditions import known
from server.fhir.query.controls import CONTROLS
from server.fhir.query.named import refused
from server.ports import Shelf, Stored
from server.query import Query

_OPINION = frozenset({("DiagnosticReport", "conclusion")})
"""Whether such a write is a new one would tell what a report under seal says."""


def condition(type_: str, text: str, asker: Asker) -> Query:
    """What is to be matched. Unknown parameters are refused, never ignored; what says how the answer is
    to look matches nothing.

    Raises:
        Fault: INCORRECT, as an ignored criterion could match a stranger's resource.
    """
    pairs = [pair for pair in pairs_of(text.removeprefix("?")) if pair[0] not in CONTROLS]
    if not pairs:
        raise fault(
            Category.INCORRECT, "required", "a conditional request needs at least one search parameter"
        )
    if unknown := [place for place, (name, _) in enumerate(pairs, 1) if not known(type_, name)]:
        raise unknown_parameters(type_, unknown)
    for code in (name.partition(":")[0] for name, _ in pairs):
        if (type_, code) in _OPINION:
            raise refused(code, "an opinion is no condition; use an identifier", "not-supported")
    return Query(type_, conditions(type_, pairs, asker))


def matching(shelf: Shelf, wanted: Query, without: Collection[str] = ()) -> list[Stored]:
    """Up to two current resources that match, but for those with the ids in ``without``."""
    found = shelf.find(wanted, 2 + len(without))
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
