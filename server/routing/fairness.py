"""The figures of a report told by groups, each held against the rest of its dimension (second-reading 5).

What is told of groups and of their whole would tell by subtraction what is not told of one of them. So a
figure is told of parts: every group by itself, or, of those in which a number below ten stands behind it, one
part that they make together, with the next group by name where that is still too little. A figure whose
numbers not even that part may tell, or not the whole report, is told of no group. Parts of a later figure are
made of whole parts of the one before, whose numbers follow from its own. All numbers that are told are then
sums of disjoint ones of ten and more (``server.routing.told``), also of the margins of two dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, product
from typing import Any

from server.model import Alike
from server.routing.accuracy import accuracy
from server.routing.contrast import difference, ratio, ratio_of_counts
from server.routing.shares import Figure, estimate, share
from server.routing.shrinking import prior_of
from server.routing.statistics import Estimate
from server.routing.stop import FEWEST
from server.routing.told import FEW, HIDDEN, Read, Told, told

COMPARABLE = 30
"""Cases that a share must be of to be held against another: of fewer, its interval spans a third of all."""
_RELATIVE = "of groups, too few audits"
TOO_FEW = f"too few to compare: fewer than {COMPARABLE}"
Groups = Mapping[str, Sequence[Alike]]
Meets = Callable[[Told], bool]


@dataclass(frozen=True, slots=True)
class Part:
    """Groups that are told as one."""

    names: tuple[str, ...]
    rows: tuple[Alike, ...]
    told: Told


def by_groups(groups: Groups, whole: Told, uncorrected: str | None) -> dict[str, Any]:
    """``groups``: the empty name is for whoever is in none. ``whole``: what the report tells of all."""
    found: dict[str, Any] = {}
    some = {name: rows for name, rows in groups.items() if _compared(rows)}
    pooled = frozenset({""} & some.keys())
    for level, meets in _LEVELS:
        parts = parts_of(some, pooled, meets) if meets(whole) else ()
        pooled = frozenset(name for each in parts if _is_pool(each) for name in each.names)
        some = some if parts else {}
        found |= _told_of(level, parts, uncorrected or _RELATIVE)
    if accuracy(whole, uncorrected)["kind"] == "corrected":
        # Parts of which as much is told as corrects the whole; else what disputed cases alone say of them.
        parts = parts_of(some, pooled, partial(_audited, whole))
        found |= _told_of("accuracy", parts, None) if parts else {}
    return found


def parts_of(groups: Groups, pooled: frozenset[str], meets: Meets) -> tuple[Part, ...]:
    """Those of which a figure may be told; () where that is not at least two. ``pooled``: told as one."""
    apart = {name: told(rows) for name, rows in groups.items()}
    pool = {name for name in groups if name in pooled or not meets(apart[name])}
    # By name: were the next smallest one taken, that it is the smallest would tell how small the other is.
    rest = sorted(groups.keys() - pool)
    while pool and rest and not _hides(told(_rows(groups, pool)), len(pool), meets):
        pool.add(rest.pop(0))
    found = [Part((name,), tuple(groups[name]), apart[name]) for name in sorted(rest)]
    if pool and not rest:
        return ()
    if len(found) + bool(pool) < len(("this", "the rest")):
        return ()
    if pool:
        together = _rows(groups, pool)
        found.append(Part((*sorted(pool - {""}), *({""} & pool)), together, told(together)))
    return tuple(found)


def _hides(found: Told, groups: int, meets: Meets) -> bool:
    """Whether its numbers may be told; 18 in two groups that are both small would be two numbers."""
    numbers = [found.compared, found.agree, found.disagree, *found.cells.values()]
    reads = chain.from_iterable((each.present, each.absent) for each in (found.sided, *found.reads.values()))
    return meets(found) and groups * (FEWEST - 1) not in (*numbers, *reads)


def _rows(groups: Groups, names: Iterable[str]) -> tuple[Alike, ...]:
    return tuple(row for name in sorted(names) for row in groups[name])


def _compared(rows: Iterable[Alike]) -> int:
    return sum(row.cases for row in rows if row.asked and row.first is not None and row.model is not None)


def _is_pool(part: Part) -> bool:
    return len(part.names) > 1 or part.names == ("",)


def _meets_yield(found: Told) -> bool:
    return isinstance(found.disagree, int) and found.sided.known is not None


def _disputed(found: Told) -> bool:
    return _meets_yield(found) and all(found.reads[name].known for name in "bc")


def _audited(whole: Told, found: Told) -> bool:
    """Every number that corrects is told, or said to be few of the whole, and so of each part."""
    return _disputed(found) and all(
        isinstance(found.cells[name], int) and _like(each, whole.reads[name])
        for name, each in found.reads.items()
    )


def _like(part: Read, whole: Read) -> bool:
    few = (whole.present, whole.absent)
    if part.known is None or whole.known is None:
        return isinstance(part.read, int) and FEW in few and few == (part.present, part.absent)
    return True


_LEVELS: tuple[tuple[str, Meets], ...] = (
    ("compared", lambda t: isinstance(t.compared, int)),
    ("discordance", lambda t: isinstance(t.agree, int) and isinstance(t.disagree, int)),
    ("yield", _meets_yield),
    ("accuracy", _disputed),
)
"""From what needs the fewest numbers to what needs most: what meets one has met those before it."""


def _told_of(level: str, parts: Sequence[Part], uncorrected: str | None) -> dict[str, Any]:
    if level == "compared":
        told_of = [{"group": list(each.names), "compared": each.told.compared} for each in parts]
        return {"compared": told_of or HIDDEN}
    names = _ACCURACY if level == "accuracy" else (level,)
    found: dict[str, Any] = {name: [] if parts else HIDDEN for name in names}
    if level == "accuracy":
        found["accuracyKind"] = "relative" if uncorrected else "corrected"
    own = [_figures(level, each.told, uncorrected) for each in parts]
    rest = [_figures(level, told(_others(parts, each)), uncorrected) for each in parts]
    for name, (part, mine, others) in product(names, zip(parts, own, rest, strict=True)):
        against = _against(mine[name], others[name], _shrunken(own, name, mine[name]))
        found[name].append({"group": list(part.names), **against})
    return found


def _others(parts: Sequence[Part], this: Part) -> list[Alike]:
    return [row for each in parts if each is not this for row in each.rows]


_ACCURACY = tuple(
    f"{reader}{each}"
    for reader in ("model", "first")
    for each in ("Sensitivity", "Specificity", "FalsePositives")
)


def _figures(level: str, found: Told, uncorrected: str | None) -> dict[str, Figure]:
    if level == "discordance":
        return {level: share(found.disagree, found.compared)}
    if level == "yield":
        return {level: share(found.sided.present, found.sided.read)}
    told_of, figures = accuracy(found, uncorrected), dict[str, Figure]()
    for reader in ("model", "first"):
        both = told_of[reader]
        spared: Figure = both["specificity"]
        figures[f"{reader}Sensitivity"] = both["sensitivity"]
        figures[f"{reader}Specificity"] = spared
        figures[f"{reader}FalsePositives"] = _turned(spared)
    return figures


def _turned(figure: Figure) -> Figure:
    """Of the same cases, the others."""
    if not isinstance(figure, dict):
        return figure
    if "share" in figure:
        return share(figure["of"] - figure["count"], figure["of"])
    turned = {"low": 1 - figure["high"], "high": 1 - figure["low"]}
    if "value" in figure:
        return {"value": 1 - figure["value"], **turned}
    return {"from": 1 - figure["to"], "to": 1 - figure["from"], **turned}


def _against(own: Figure, rest: Figure, shrunken: Figure) -> dict[str, Figure]:
    """A group's figure beside that of all others."""
    apart = dict[str, Figure](share=own, rest=rest, difference=HIDDEN, ratio=HIDDEN, shrunken=shrunken)
    one, other = _estimated(own), _estimated(rest)
    if one is None or other is None or not (isinstance(own, dict) and isinstance(rest, dict)):
        return apart
    counted = "of" in own and "of" in rest
    if counted and min(own["of"], rest["of"]) < COMPARABLE:
        return apart | dict.fromkeys(("difference", "ratio"), TOO_FEW)
    pair = ((own["count"], own["of"]), (rest["count"], rest["of"])) if counted else None
    by = ratio_of_counts(*pair) if pair else ratio(one, other)
    return apart | {"difference": estimate(difference(one, other)), "ratio": estimate(by)}


def _estimated(figure: Figure) -> Estimate | None:
    if not isinstance(figure, dict):
        return None
    value = figure.get("share", figure.get("value"))
    return None if value is None else Estimate(value, figure["low"], figure["high"])


def _shrunken(parts: Sequence[Mapping[str, Figure]], name: str, own: Figure) -> Figure:
    """Drawn towards what all parts do, the more the fewer cases it is of; of corrected figures, not told."""
    counts = [_count(each[name]) for each in parts]
    mine, known = _count(own), [each for each in counts if each is not None]
    if mine is None or len(known) < len(counts):
        return HIDDEN
    prior = prior_of(known)
    return {"value": prior.share(*mine), "own": prior.own(mine[1])}


def _count(figure: Figure) -> tuple[int, int] | None:
    return (figure["count"], figure["of"]) if isinstance(figure, dict) and "share" in figure else None
