"""Who was right, of the cases of which it was told how they turned out (second-reading 5; decision 38).

These cases are no lot of all: whoever comes back is told of more often. So nothing here is put in the place
of figures that audits correct, and each is told with how many cases it is of. No number below ten is told,
nor what one follows from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

from server.model import Answer, Basis, KnownCase
from server.routing.shares import Figure, share
from server.routing.stop import FEWEST
from server.routing.told import FEW, HIDDEN, Count, alone, halves, split

_P, _A = Answer.PRESENT, Answer.ABSENT
_WINDOWS = {
    "30 days": timedelta(days=30),
    "1 year": timedelta(days=365),
    "2 years": timedelta(days=730),
    "later": timedelta.max,
}
"""Until when it was known (second-reading 4); each without what stands before it."""
Said = Callable[[KnownCase], Answer | None]
_READERS: dict[str, Said] = {
    "first": lambda case: case.first,
    "model": lambda case: case.model,
    "end": lambda case: case.end,
}


def outcome_figures(known: Sequence[KnownCase]) -> dict[str, Any]:
    """Of cases in whole lots."""
    ill = [each for each in known if each.turned_out is _P]
    well = [each for each in known if each.turned_out is _A]
    present, absent = halves(len(ill), len(well), len(known))
    return {
        "known": alone(len(known)),
        "present": present,
        "absent": absent,
        "basis": _parts(known, list(Basis), lambda case: case.basis),
        "within": _parts(known, list(_WINDOWS), _window),
        **{
            who: {
                "sensitivity": _share(ill, present, said, _P),
                "specificity": _share(well, absent, said, _A),
            }
            for who, said in _READERS.items()
        },
        **_together(ill, present),
    }


def _together(ill: Sequence[KnownCase], present: Count) -> dict[str, Figure]:
    """What the model found and ended as absent all the same (Warren; second-reading 5), and what both missed.

    Each is a number of a table of two who answer, whose sums are told as the sensitivity of either: what is
    small in that table must not follow from all of it together.
    """
    overruled = _Table.of(ill, "model", "end") if isinstance(present, int) else None
    missed = _Table.of(ill, "model", "first") if isinstance(present, int) else None
    return {
        "overruledThenRight": HIDDEN if overruled is None else overruled.share(_P, _A, of=(_P,)),
        "bothMissed": HIDDEN if missed is None else missed.share(_A, _A, of=(_P, _A)),
    }


@dataclass(frozen=True, slots=True)
class _Table:
    """Of those that have the disease, what two say of them."""

    cells: Counter[tuple[Answer | None, Answer | None]]

    @staticmethod
    def of(cases: Iterable[KnownCase], one: str, other: str) -> _Table:
        return _Table(Counter((_READERS[one](case), _READERS[other](case)) for case in cases))

    def share(self, one: Answer, other: Answer, of: Sequence[Answer]) -> Figure:
        """Of what the one says, both so; ``of``: what the one may say in it."""
        count, whole = self.cells[one, other], sum(self.cells[each] for each in product(of, (_P, _A)))
        if any(0 < each < FEWEST for each in self.cells.values()) and self._silent:
            return HIDDEN
        if min(self.cells[each] for each in product((_P, _A), (_P, _A))) >= FEWEST:
            return share(count, whole)
        return share(FEW, whole) if self._few(one, other, of) else HIDDEN

    @property
    def _silent(self) -> bool:
        return any(None in said for said, count in self.cells.items() if count)

    def _few(self, one: Answer, other: Answer, of: Sequence[Answer]) -> bool:
        """Whether that it is few leaves open how many, and where it is not said, too."""
        total = sum(self.cells.values())
        ones, others = self._sum(0, one), self._sum(1, other)
        if self._silent or (len(of) == 1 and min(ones, total - ones) < FEWEST):
            return False
        if min(ones, others) < FEWEST:
            return True
        return self.cells[one, other] < FEWEST < min(ones, others) and ones + others <= total

    def _sum(self, at: int, said: Answer) -> int:
        return sum(count for each, count in self.cells.items() if each[at] is said)


def _share(cases: Sequence[KnownCase], told: Count, said: Said, what: Answer) -> Figure:
    """In which ``said`` is so, of those in which anything is; ``told``: how many cases are told to be."""
    answers = [answer for answer in map(said, cases) if answer is not None]
    silent = len(cases) - len(answers)
    if not isinstance(told, int) or len(answers) < FEWEST or 0 < silent < FEWEST:
        return HIDDEN
    count, rest = halves(answers.count(what), len(answers) - answers.count(what), len(answers))
    return share(count, len(answers), rest)


def _window(case: KnownCase) -> str:
    return next(name for name, until in _WINDOWS.items() if case.after <= until)


def _parts(
    known: Sequence[KnownCase], names: Sequence[str], of: Callable[[KnownCase], str]
) -> dict[str, Count]:
    if len(known) < FEWEST:
        return dict.fromkeys(names, HIDDEN)
    counts = Counter(map(of, known))
    return split({name: counts[name] for name in names})
