"""Who was right, of the cases of which it was told how they turned out (second-reading 5; decision 38).

These cases are no lot of all: whoever comes back is told of more often. So nothing here is put in the place
of figures that audits correct, and each is told with how many cases it is of. No number below ten is told,
nor what one follows from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from server.model import Answer, Basis, KnownCase
from server.routing.shares import Figure, share
from server.routing.stop import FEWEST
from server.routing.told import HIDDEN, Count, alone, halves, split

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
        "overruledThenRight": _overruled([each for each in ill if each.model is _P], present),
        "bothMissed": _share(ill, present, _either, _A),
    }


def _either(case: KnownCase) -> Answer | None:
    """What the two readers say together: present where one does; None: one of them has said nothing."""
    if case.first is None or case.model is None:
        return None
    return _P if _P in (case.first, case.model) else _A


def _share(cases: Sequence[KnownCase], told: Count, said: Said, what: Answer) -> Figure:
    """In which ``said`` is so, of those in which anything is; ``told``: how many cases are told to be."""
    answers = [answer for answer in map(said, cases) if answer is not None]
    silent = len(cases) - len(answers)
    if not isinstance(told, int) or len(answers) < FEWEST or 0 < silent < FEWEST:
        return HIDDEN
    count, rest = halves(answers.count(what), len(answers) - answers.count(what), len(answers))
    return share(count, len(answers), rest)


def _overruled(found: Sequence[KnownCase], present: Count) -> Figure:
    """Of what the model found and was there, what ended as absent all the same (Warren; second-reading 5)."""
    return _share(found, present if len(found) >= FEWEST else HIDDEN, lambda case: case.end, _A)


def _window(case: KnownCase) -> str:
    return next(name for name, until in _WINDOWS.items() if case.after <= until)


def _parts(
    known: Sequence[KnownCase], names: Sequence[str], of: Callable[[KnownCase], str]
) -> dict[str, Count]:
    if len(known) < FEWEST:
        return dict.fromkeys(names, HIDDEN)
    counts = Counter(map(of, known))
    return split({name: counts[name] for name in names})
