"""What the condition of a write may ask of resources that its caller cannot find: who they are, nothing else.

Whoever finds only part of a type must not make a second one of what stands outside it, and must not learn
what it says. So outside only names decide, each by itself: together they would tell what belongs to whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from server.fhir.terms import PROVENANCE
from server.query import AllOf, AnyOf, Ids, Not, Query, Test, Token


def within_sight(query: Query, sees: Sequence[Test]) -> Query:
    """The condition as a search of this caller's."""
    return Query(query.type, (*query.where, *sees))


def out_of_sight(query: Query, sees: Sequence[Test]) -> Query | None:
    """What this caller does not find and bears a name that the condition gives; None when it gives none."""
    names = tuple(_names(query.where))
    if not names:
        return None
    any_name = names[0] if len(names) == 1 else AnyOf(names)
    return Query(query.type, (any_name, Not(sees[0] if len(sees) == 1 else AllOf(tuple(sees)))))


def _names(tests: Sequence[Test]) -> Iterator[Test]:
    for test in tests:
        match test:
            case AllOf(inner):
                yield from _names(inner)
            case Ids():
                yield test
            case Token() if all(_is_name(test.param, *each) for each in test.any_of):
                yield test
            case _:
                pass


def _is_name(param: str, system: str | None, code: str | None) -> bool:
    """A whole identifier; or the tag that we mint for want of one (R4 Provenance has none)."""
    return code is not None and (param == "identifier" or (param == "_tag" and system == PROVENANCE))
