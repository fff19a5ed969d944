"""Criteria of conditional writes and conditional references (R4 http.html#ccreate, #cond-update, #trules)."""

from __future__ import annotations

from server.errors import Category, fault
from server.fhir.query.asked import conditions, pairs_of, unknown_parameters
from server.fhir.query.asker import Asker
from server.fhir.query.conditions import known
from server.fhir.query.controls import WRITING
from server.fhir.query.named import refused
from server.query import Query

_OPINION = frozenset({("DiagnosticReport", "conclusion")})
"""Whether such a write is a new one would tell what a report under seal says."""


def conditional(type_: str, text: str, asker: Asker) -> Query:
    """What a condition asks for. Unknown parameters are refused, never ignored.

    Raises:
        Fault: INCORRECT, as an ignored criterion could match a stranger's resource.
    """
    pairs = [pair for pair in pairs_of(text.removeprefix("?")) if pair[0] not in WRITING]
    if not pairs:
        raise fault(Category.INCORRECT, "required", "a condition needs at least one search parameter")
    if unknown := [place for place, (name, _) in enumerate(pairs, 1) if not known(type_, name)]:
        raise unknown_parameters(type_, unknown)
    for name, _ in pairs:
        if (type_, name.partition(":")[0]) in _OPINION:
            raise refused(
                name.partition(":")[0], "an opinion is no condition; use an identifier", "not-supported"
            )
    return Query(type_, conditions(type_, pairs, asker))
