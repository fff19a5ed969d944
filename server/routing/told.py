"""What a report may tell of counted cases: no number below ten, and none from which such a one follows.

Everything that a report tells is made from what stands here, and what stands here are parts of one whole that
do not overlap, each of ten people or more: so whatever is added or subtracted is of ten or more, too. Where
one part of a whole is smaller, the other one is not told beside the whole. Of two that are not told nobody
learns which one is small, for ``fewer than 10`` on both sides of a sum of 18 would be two numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from server.model import Alike, Answer, Unanswered
from server.routing.stop import FEWEST

FEW = f"fewer than {FEWEST}"
HIDDEN = "not told"
"""Beside what is told, it would tell a number below ten."""
Count = int | str
"""A number, ``FEW`` or ``HIDDEN``."""
_P, _A = Answer.PRESENT, Answer.ABSENT
_CELLS = {"a": (_P, _P), "b": (_A, _P), "c": (_P, _A), "d": (_A, _A)}
"""What the first reader says, and the model."""


@dataclass(frozen=True, slots=True)
class Read:
    """Cases of which specialists have read some, or all."""

    read: Count = HIDDEN
    present: Count = HIDDEN
    absent: Count = HIDDEN
    whole: bool = False
    """All of them were read."""

    @property
    def known(self) -> tuple[int, int, int] | None:
        """(read, present, absent), where all are told."""
        if isinstance(self.read, int) and isinstance(self.present, int) and isinstance(self.absent, int):
            return self.read, self.present, self.absent
        return None


@dataclass(frozen=True, slots=True)
class Told:
    """Of one question and one model version."""

    compared: Count
    unusable: Count
    """The first report says nothing in codes that are known; the model has answered."""
    declined: Count
    """Or it gave no answer in time."""
    unanswered: dict[str, Count]
    """The same by why."""
    not_asked: Count
    agree: Count
    disagree: Count
    cells: dict[str, Count]
    """Of the table, a to d."""
    reads: dict[str, Read]
    """What specialists have said of the cases of a cell."""
    sided: Read
    """Of all in which the two differ; ``present`` means here: with the model."""

    @property
    def counted(self) -> int:
        """At least; what is not told is not in it."""
        known = (self.compared, self.unusable, self.declined, self.not_asked)
        return sum(each for each in known if isinstance(each, int))


def told(found: Iterable[Alike]) -> Told:
    """As much of it as may be told."""
    rows = list(found)
    tables = {name: _by_final(rows, name) for name in _CELLS}
    sizes = {name: sum(each) for name, each in tables.items()}
    compared = sum(sizes.values())
    agree, disagree = halves(sizes["a"] + sizes["d"], sizes["b"] + sizes["c"], compared)
    cells: dict[str, Count] = dict.fromkeys(_CELLS, HIDDEN)
    for one, other, together in (("a", "d", agree), ("b", "c", disagree)):
        if _is(together) and min(sizes[one], sizes[other]) >= FEWEST:
            cells |= {one: sizes[one], other: sizes[other]}
    reads = {name: _read(*tables[name]) if _is(cells[name]) else Read() for name in _CELLS}
    sided = Read()
    if _is(disagree):
        reads, sided = _disputed(reads, tables)
    return Told(
        compared=alone(compared),
        unusable=alone(_sum(rows, lambda r: r.asked and r.model is not None and r.first is None)),
        declined=alone(_sum(rows, lambda r: r.asked and r.model is None)),
        unanswered=_unanswered(rows),
        not_asked=alone(_sum(rows, lambda r: not r.asked)),
        agree=agree,
        disagree=disagree,
        cells=cells,
        reads=reads,
        sided=sided,
    )


def _unanswered(rows: Sequence[Alike]) -> dict[str, Count]:
    why = {str(each): sum(r.cases for r in rows if r.unanswered is each) for each in Unanswered}
    return split(why) if sum(why.values()) >= FEWEST else dict.fromkeys(why, HIDDEN)


def _by_final(rows: Iterable[Alike], name: str) -> tuple[int, int, int]:
    """Of a cell: the specialist says present, absent, nothing."""
    of = [r for r in rows if r.asked and (r.first, r.model) == _CELLS[name]]
    present, absent, nothing = (sum(r.cases for r in of if r.final is said) for said in (_P, _A, None))
    return present, absent, nothing


def _disputed(
    reads: dict[str, Read], tables: dict[str, tuple[int, int, int]]
) -> tuple[dict[str, Read], Read]:
    """Of b and c each, or one of them, or both as one: never two of which the third follows."""
    b, c = tables["b"], tables["c"]
    together = _read(b[0] + c[1], b[1] + c[0], b[2] + c[2])
    if reads["b"].known and reads["c"].known:
        return reads, together
    if reads["b"].known:
        return {**reads, "c": Read()}, Read()
    if reads["c"].known:
        return {**reads, "b": Read()}, Read()
    return {**reads, "b": Read(), "c": Read()}, together


def _read(present: int, absent: int, nothing: int) -> Read:
    """That all were read may be told; that a few were not, or were, would tell how many."""
    read = present + absent
    if read < FEWEST or 0 < nothing < FEWEST:
        return Read(FEW if read < FEWEST <= nothing else HIDDEN)
    return Read(read, *halves(present, absent, read), whole=nothing == 0)


def halves(one: int, other: int, whole: int) -> tuple[Count, Count]:
    """The second one's smallness comes first, so that two that are small are not both told to be."""
    if whole < FEWEST:
        return HIDDEN, HIDDEN
    if other < FEWEST:
        return HIDDEN, FEW
    return (one, other) if one >= FEWEST else (FEW, HIDDEN)


def split(counts: Mapping[str, int]) -> dict[str, Count]:
    """Parts of a whole that is told: those that are small are hidden, with so many more that none follows.

    Nobody is no small number. That a part is hidden tells then that somebody is in it: of ten parts or more,
    ten people would be one in each, so there that nobody is in one is not told either.
    """
    hidden = {name for name, count in counts.items() if 0 < count < FEWEST}
    if len(counts) >= FEWEST:
        hidden |= {name for name, count in counts.items() if not count}
    for name in sorted(counts, key=lambda each: (not counts[each], each)):
        together = sum(counts[each] for each in hidden)
        # 18 in two that are both small would be two numbers.
        if hidden and (together < FEWEST or together == len(hidden) * (FEWEST - 1)):
            hidden.add(name)
    return {name: HIDDEN if name in hidden else count for name, count in counts.items()}


def alone(count: int) -> Count:
    return count if count >= FEWEST else FEW


def _sum(rows: Iterable[Alike], meets: Callable[[Alike], bool]) -> int:
    return sum(r.cases for r in rows if meets(r))


def _is(count: Count) -> bool:
    return isinstance(count, int)
