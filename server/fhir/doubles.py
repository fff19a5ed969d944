"""Entries of one transaction that would make the same thing twice (R4 http.html#trules).

The store keeps one request from doubling what another has written. Within a request nobody has
written yet, so the plan itself is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from server.ports import Absent, ResourceWrite
from server.query import ReferenceRow, TokenRow

_Found = dict[tuple[str, str, str], set[tuple[str, int]]]


def written_twice(places: Sequence[tuple[str, str]]) -> int | None:
    """Where the first of these (type, id) stands that an earlier one has named; None when none has."""
    first: dict[tuple[str, str], int] = {}
    return next((n for n, place in enumerate(places) if first.setdefault(place, n) != n), None)


def matched_twice(writes: Sequence[ResourceWrite], absent: Sequence[Absent]) -> int | None:
    """Where the second of two ``writes`` stands that one conditional create could each have made."""
    found = _by_value(writes)
    for each in absent:
        met = _meeting(found, each)
        if len(met) > 1:
            return sorted(met)[1]
    return None


def _by_value(writes: Sequence[ResourceWrite]) -> _Found:
    """(type, parameter, value) -> (system, position); ``_id`` is searchable like the rest."""
    found: _Found = defaultdict(set)
    for position, write in enumerate(writes):
        found[write.type, "_id", write.id].add(("", position))
        for row in write.index:
            if isinstance(row, TokenRow):
                found[write.type, row.param, row.code].add((row.system, position))
            elif isinstance(row, ReferenceRow):
                found[write.type, row.param, row.target].add(("", position))
    return found


def _meeting(found: _Found, absent: Absent) -> set[int]:
    each = [
        {
            position
            for system, value in criterion.values
            for held, position in found.get((absent.type, criterion.param, value), ())
            if system is None or system == held
        }
        for criterion in absent.criteria
    ]
    return set.intersection(*each) if each else set()
