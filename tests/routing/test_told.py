"""Of counted cases no number below ten is told, and none can be computed from those that are."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import combinations, product

import pytest

from server.model import Alike, Answer
from server.routing import told as telling
from server.routing.told import FEW, HIDDEN, Read, Told, halves, split, told

P, A = Answer.PRESENT, Answer.ABSENT
CELLS = {"a": (P, P), "b": (A, P), "c": (P, A), "d": (A, A)}
ATOMS = list(product("abcd", (P, A, None)))
PRIME = 1_000_003
Atoms = Mapping[tuple[str, Answer | None], int]


def alike(first: Answer | None, model: Answer | None, cases: int, **more: object) -> Alike:
    given = {"rule": "P1", "asked": True, "final": None, "policy": "d1", **more}
    return Alike(first=first, model=model, cases=cases, **given)  # type: ignore[arg-type]


def of(atoms: Atoms) -> Told:
    return told([alike(*CELLS[cell], count, final=final) for (cell, final), count in atoms.items() if count])


def table(a: int, b: int, c: int, d: int) -> Told:
    return of({("a", None): a, ("b", P): b, ("c", A): c, ("d", None): d})


def test_what_is_large_is_told() -> None:
    found = of({("a", None): 40, ("b", P): 25, ("b", A): 12, ("c", P): 11, ("c", A): 30, ("d", None): 900})
    assert found.cells == {"a": 40, "b": 37, "c": 41, "d": 900}
    assert (found.compared, found.agree, found.disagree) == (1018, 940, 78)
    assert found.reads["b"] == Read(37, 25, 12, whole=True)
    assert found.reads["c"] == Read(41, 11, 30, whole=True)
    assert found.sided == Read(78, 55, 23, whole=True)
    assert found.reads["a"].read == FEW


@pytest.mark.parametrize(
    ("cells", "agree", "disagree", "shown"),
    [
        ((40, 9, 41, 900), 940, 50, {"a": 40, "b": HIDDEN, "c": HIDDEN, "d": 900}),
        ((9, 40, 41, 900), 909, 81, {"a": HIDDEN, "b": 40, "c": 41, "d": HIDDEN}),
        ((40, 4, 5, 900), HIDDEN, FEW, dict.fromkeys("abcd", HIDDEN)),
        ((0, 40, 41, 9), FEW, HIDDEN, dict.fromkeys("abcd", HIDDEN)),
        ((5, 5, 4, 4), HIDDEN, FEW, dict.fromkeys("abcd", HIDDEN)),
        ((1, 2, 3, 3), HIDDEN, HIDDEN, dict.fromkeys("abcd", HIDDEN)),
    ],
)
def test_beside_what_is_small_the_other_half_is_not_told(
    cells: tuple[int, int, int, int], agree: object, disagree: object, shown: Mapping[str, object]
) -> None:
    found = table(*cells)
    assert found.compared == (sum(cells) if sum(cells) >= 10 else FEW)
    assert (found.agree, found.disagree, found.cells) == (agree, disagree, shown)


def test_of_two_small_ones_only_one_is_called_so() -> None:
    assert halves(9, 9, 18) == (HIDDEN, FEW)
    assert halves(9, 10, 19) == (FEW, HIDDEN)
    assert halves(10, 9, 19) == (HIDDEN, FEW)
    assert halves(10, 10, 20) == (10, 10)


def test_where_one_side_cannot_be_told_the_sum_of_both_sides_is_not_either() -> None:
    found = of({("a", None): 40, ("b", P): 25, ("b", A): 12, ("c", P): 3, ("c", A): 38, ("d", None): 900})
    assert found.reads["b"].known == (37, 25, 12)
    assert found.reads["c"] == Read()
    assert found.sided == Read()


def test_what_was_not_compared() -> None:
    found = told(
        [
            alike(P, P, 30),
            alike(None, P, 12),
            alike(A, None, 9),
            alike(A, None, 4),
            alike(A, None, 9, asked=False),
        ]
    )
    assert (found.unusable, found.declined, found.not_asked, found.counted) == (12, 13, FEW, 55)


def test_of_nothing_nothing() -> None:
    found = told([])
    assert (found.compared, found.counted, found.agree, found.sided) == (FEW, 0, HIDDEN, Read())


def test_no_sum_and_no_difference_of_what_is_told_is_below_ten() -> None:
    """By linear algebra: every group of up to three atoms, or a cell, that follows from what is told."""
    dice, seen = random.Random(3), 0
    for _ in range(150):
        sizes = [dice.choice([0, 3, 8, 9, 10, 12, 40, 300]) for _ in ATOMS]
        atoms = dict(zip(ATOMS, sizes, strict=True))
        found = of(atoms)
        basis = _basis([_vector(group) for group in _told_of(found)])
        for size in (1, 2, 3):
            for group in combinations(ATOMS, size):
                if _follows(_vector(group), basis) and not _may_be_zero(group, found):
                    seen += 1
                    assert sum(atoms[each] for each in group) >= 10, (atoms, group)
    assert seen > 100


def _told_of(found: Told) -> Iterator[list[tuple[str, Answer | None]]]:
    """The groups of atoms of which the number is told."""
    groups: list[tuple[object, list[tuple[str, Answer | None]]]] = [
        (found.compared, ATOMS),
        (found.agree, [each for each in ATOMS if each[0] in "ad"]),
        (found.disagree, [each for each in ATOMS if each[0] in "bc"]),
        (found.sided.read, [each for each in ATOMS if each[0] in "bc" and each[1]]),
        (found.sided.present, [("b", P), ("c", A)]),
        (found.sided.absent, [("b", A), ("c", P)]),
    ]
    for name, count in found.cells.items():
        read = found.reads[name]
        groups += [
            (count, [(name, P), (name, A), (name, None)]),
            (read.read, [(name, P), (name, A)]),
            (read.present, [(name, P)]),
            (read.absent, [(name, A)]),
        ]
    yield from (group for count, group in groups if isinstance(count, int))


def _may_be_zero(group: tuple[tuple[str, Answer | None], ...], found: Told) -> bool:
    """That all were read is told, and says nothing of what anybody has."""
    whole = {name for name, read in found.reads.items() if read.whole}
    whole |= set("bc") if found.sided.whole else set()
    return all(final is None and cell in whole for cell, final in group)


def _vector(group: object) -> list[int]:
    assert isinstance(group, (list, tuple))
    return [int(each in group) for each in ATOMS]


def _basis(vectors: list[list[int]]) -> list[tuple[int, list[int]]]:
    found: list[tuple[int, list[int]]] = []
    for vector in vectors:
        rest = _rest(vector, found)
        lead = next((at for at, each in enumerate(rest) if each), None)
        if lead is not None:
            inverse = pow(rest[lead], -1, PRIME)
            found.append((lead, [each * inverse % PRIME for each in rest]))
    return found


def _rest(vector: list[int], basis: list[tuple[int, list[int]]]) -> list[int]:
    for lead, each in basis:
        if by := vector[lead]:
            vector = [(x - by * y) % PRIME for x, y in zip(vector, each, strict=True)]
    return vector


def _follows(vector: list[int], basis: list[tuple[int, list[int]]]) -> bool:
    return not any(_rest(vector, basis))


@pytest.mark.parametrize(("least", "parts"), [(3, 2), (3, 3), (4, 3), (5, 4), (3, 4)])
def test_parts_of_a_told_whole_are_told_where_no_small_one_follows(
    monkeypatch: pytest.MonkeyPatch, least: int, parts: int
) -> None:
    """By brute force with a few for ten: of all that print the same, no part and no sum of parts is small."""
    monkeypatch.setattr(telling, "FEWEST", least)
    names = "wxyz"[:parts]
    groups = [each for size in range(1, parts) for each in combinations(range(parts), size)]
    for total in range(least, 4 * least + 1):
        same: dict[str, list[tuple[int, ...]]] = {}
        for table in product(range(total + 1), repeat=parts):
            if sum(table) == total:
                printed = repr(split(dict(zip(names, table, strict=True))))
                same.setdefault(printed, []).append(table)
        for (printed, tables), group in product(same.items(), groups):
            sums = {sum(table[at] for at in group) for table in tables}
            assert len(sums) > 1 or not 0 < min(sums) < least, (printed, tables)


def test_that_nobody_is_in_a_part_may_be_told() -> None:
    assert split({"histology": 70, "culture": 0, "serology": 0}) == {
        "histology": 70, "culture": 0, "serology": 0,
    }  # fmt: skip
    assert split({"x": 4, "y": 0, "z": 40}) == {"x": HIDDEN, "y": 0, "z": HIDDEN}
    assert split({"x": 9, "y": 0, "z": 9}) == dict.fromkeys("xyz", HIDDEN)


def test_three_reasons() -> None:
    assert split({"x": 20, "y": 30, "z": 40}) == {"x": 20, "y": 30, "z": 40}
    assert split({"x": 5, "y": 30, "z": 40}) == {"x": HIDDEN, "y": HIDDEN, "z": 40}
    assert split({"x": 9, "y": 9, "z": 40}) == dict.fromkeys("xyz", HIDDEN)
