"""Entries of one transaction that would make the same thing twice (R4 http.html#trules).

The store keeps one request from doubling what another has written. Within a request nobody has
written yet, so the plan itself is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from server.errors import Category, Fault, fault
from server.fhir.asked import Asked
from server.fhir.query.meeting import Unwritten, meets
from server.ports import Absent, Method, ResourceWrite
from server.query import Ids, Query, Reference, ReferenceRow, Token, TokenRow

_MOST_LOOKS = 100_000
"""Pairs of a condition and a resource that are compared within one request."""


def demand_named_once(asked: Sequence[Asked]) -> None:
    """One id is named once; so is one condition, but that what is deleted by it may be made anew by it."""
    seen: set[Any] = set()
    for each in asked:
        key = each.id or (each.wanted and (each.wanted, each.method == "DELETE"))
        if key and (each.type, key) in seen:
            raise doubled(each)
        seen.add((each.type, key))


def doubled(asked: Asked) -> Fault:
    text = "two entries of this transaction mean the same resource"
    return fault(Category.INCORRECT, "duplicate", text, asked.path)


def written_twice(places: Sequence[tuple[str, str]]) -> int | None:
    """Where the first of these (type, id) stands that an earlier one has named; None when none has."""
    first: dict[tuple[str, str], int] = {}
    return next((n for n, place in enumerate(places) if first.setdefault(place, n) != n), None)


def matched_twice(writes: Sequence[ResourceWrite], absent: Sequence[Absent]) -> int | None:
    """Where the second of two ``writes`` stands that one conditional create could each have made.

    Raises:
        Fault: INCORRECT when to find that out would be the cost of the request.
    """
    if len(writes) < 2:
        return None
    held, looks = _Held(writes), 0
    for each in absent:
        likely = held.likely(each.query)
        looks += len(likely)
        if looks > _MOST_LOOKS:
            text = "so many conditions are accepted in one request only if each names an identifier"
            raise fault(Category.INCORRECT, "too-costly", text)
        met = [n for n in likely if meets(held.unwritten(n), each.query.where)]
        if len(met) > 1:
            return met[1]
    return None


class _Held:
    """The writes by type, and by the values that conditions mostly ask for."""

    def __init__(self, writes: Sequence[ResourceWrite]) -> None:
        self._writes = writes
        self._of_type: dict[str, list[int]] = defaultdict(list)
        self._by_value: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for n, write in enumerate(writes):
            if write.method is not Method.DELETE:
                self._add(n, write)

    def _add(self, n: int, write: ResourceWrite) -> None:
        self._of_type[write.type].append(n)
        self._by_value[write.type, "_id", write.id].append(n)
        for row in write.index:
            if isinstance(row, TokenRow):
                self._by_value[write.type, row.param, row.code].append(n)
            elif isinstance(row, ReferenceRow):
                self._by_value[write.type, row.param, row.target].append(n)

    def unwritten(self, n: int) -> Unwritten:
        write = self._writes[n]
        return Unwritten(write.id, write.index, write.updated_at)

    def likely(self, query: Query) -> list[int]:
        """Positions among which are all that meet the query."""
        for test in query.where:
            if isinstance(test, Ids):
                return self._with(query.type, "_id", test.any_of)
            if isinstance(test, Reference):
                return self._with(query.type, test.param, test.any_of)
            if isinstance(test, Token) and all(code is not None for _, code in test.any_of):
                return self._with(query.type, test.param, (code or "" for _, code in test.any_of))
        return self._of_type[query.type]

    def _with(self, type_: str, param: str, values: Iterable[str]) -> list[int]:
        return sorted({n for value in values for n in self._by_value.get((type_, param, value), ())})
