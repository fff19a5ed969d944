"""Lots: people who are counted together or not at all, so that no two reports differ by few (``reporting``).

Where figures are told by groups, two reports that differ by one lot would tell what the only child among ten
people has come to. So lots are put together, in their order, until each group that occurs has ten people in
it. Until then, and while one of them is under seal, their people are counted among the rest. Who belongs to a
group that stays smaller is among the rest, too; and where these are few, the next group by name goes with
them. How large a lot may grow is said by what came before it: a house with few cases does not wait for its
rarest device, one with many tells of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar
from zlib import crc32

from sqlalchemy import Row

LEAST = 10
SPREAD = 10
"""A lot has so many sizes, from ``LEAST`` on."""
GROUPED_AT_LEAST, GROUPED_AT_MOST = 100, 200
"""People, after which lots of groups do not grow any more: as many as came before, between these."""
REST = ""
"""The name of no group: whoever is in none that is large enough, or in no lot of groups that is counted."""
Lot = Sequence[Row[Any]]


class Counts(Protocol):
    """A case of somebody."""

    @property
    def case_id(self) -> str: ...

    @property
    def patient(self) -> str: ...


C = TypeVar("C", bound=Counts)
Label = Callable[[Row[Any]], str]


def lots(rows: Iterable[Row[Any]]) -> list[Lot]:
    """Those that are full; see ``filled``."""
    found, _ = filled(rows)
    return found


def filled(cases: Iterable[C]) -> tuple[list[Sequence[C]], int]:
    """Each person's first case, in that order, in lots that are full; and how many people the next one lacks.

    A further case of somebody moves nobody. How many a lot has follows from the name of a case.
    """
    people: dict[str, C] = {}
    for each in cases:
        people.setdefault(each.patient, each)
    firsts, found, start = list(people.values()), list[Sequence[C]](), 0
    while start < len(firsts):
        end = start + LEAST + crc32(firsts[start].case_id.encode()) % SPREAD
        if end > len(firsts):
            return found, end - len(firsts)
        found.append(firsts[start:end])
        start = end
    return found, LEAST


def joined(found: Iterable[Lot], of: Callable[[Row[Any]], bool]) -> Iterator[tuple[Lot, Lot]]:
    """Lots put together until ten people are in them of whom a figure is, and these; the last ones wait.

    Of nine who were declined and one who was compared, the answers of the one would else be told by a lot.
    """
    gathered, theirs = list[Row[Any]](), list[Row[Any]]()
    for lot in found:
        gathered += lot
        theirs += filter(of, lot)
        if len(theirs) >= LEAST:
            yield gathered, theirs
            gathered, theirs = [], []


def grouped(found: Iterable[Lot], label: Label) -> Iterator[tuple[Lot, dict[str, str]]]:
    """Lots put together, each with the group in which each case is counted; by ``case_id``."""
    gathered: list[Row[Any]] = []
    names: dict[str, str] = {}
    before = 0
    for lot in found:
        gathered += lot
        names |= {row.case_id: label(row) for row in lot}
        sizes = Counter(names.values())
        most = min(GROUPED_AT_MOST, max(GROUPED_AT_LEAST, before))
        if min(sizes.values()) >= LEAST or len(gathered) >= most:
            folded = _folded(sizes)
            yield gathered, {id_: REST if name in folded else name for id_, name in names.items()}
            before += len(gathered)
            gathered, names = [], {}


def _folded(sizes: Counter[str]) -> frozenset[str]:
    """The groups that are not told apart in this lot; together ten people or more, or nobody."""
    folded = {name for name, size in sizes.items() if size < LEAST}
    for name in sorted(sizes):
        if 0 < sum(sizes[each] for each in folded) < LEAST:
            folded.add(name)
    return frozenset(folded)
