"""Figures by groups: what is told, and that no number below the least one can be computed from it."""

from __future__ import annotations

import itertools
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from server.model import Alike, Answer, Device, Kind, Subgroup
from server.model import Span as Ages
from server.routing import fairness
from server.routing import told as telling
from server.routing.fairness import TOO_FEW, by_groups, parts_of
from server.routing.kinds import By, group_of
from server.routing.told import HIDDEN, told

P, A = Answer.PRESENT, Answer.ABSENT
CELLS = {"a": (P, P), "b": (A, P), "c": (P, A), "d": (A, A)}
Cell = tuple[str, Answer | None, int]
USUAL: Sequence[Cell] = (
    ("a", None, 60), ("b", P, 25), ("b", A, 15), ("c", P, 12), ("c", A, 14), ("d", None, 400),
)  # fmt: skip


def rows(*cells: Cell) -> tuple[Alike, ...]:
    return tuple(Alike("P1", *CELLS[cell], True, final, "d1", n) for cell, final, n in cells if n)


def report(groups: Mapping[str, Sequence[Alike]]) -> dict[str, Any]:
    return by_groups(groups, told(itertools.chain(*groups.values())), "no audit share")


def test_two_groups_side_by_side() -> None:
    other = rows(("a", None, 30), ("b", P, 10), ("b", A, 30), ("c", P, 10), ("c", A, 20), ("d", None, 100))
    found = report({"female": rows(*USUAL), "male": other})
    assert found["accuracyKind"] == "relative"
    assert found["compared"] == [
        {"group": ["female"], "compared": 526}, {"group": ["male"], "compared": 200},
    ]  # fmt: skip
    female, male = found["discordance"]
    assert (female["share"]["count"], male["share"]["count"]) == (66, 70)
    assert female["rest"] == male["share"]
    assert round(male["ratio"]["value"], 4) == round((70 / 200) / (66 / 526), 4)
    assert round(male["difference"]["value"], 4) == round(70 / 200 - 66 / 526, 4)
    assert found["yield"][0]["share"]["count"] == 25 + 14
    assert found["modelSensitivity"][0]["share"]["count"] == 25
    assert found["modelSensitivity"][0]["share"]["of"] == 37
    assert found["modelFalsePositives"][0]["share"]["count"] == 15
    assert found["firstFalsePositives"][0]["share"]["count"] == 14
    shrunken = male["shrunken"]
    assert female["share"]["share"] < shrunken["value"] < male["share"]["share"]
    assert 0.9 < shrunken["own"] < 1


def test_a_small_group_is_told_with_the_next_one_and_not_found_by_subtraction() -> None:
    small = rows(("a", None, 2), ("d", None, 3))
    middle = rows(("a", None, 10), ("b", P, 10), ("b", A, 10), ("d", None, 40))
    found = report({"0-17": small, "18-39": middle, "40-64": rows(*USUAL)})
    assert [each["group"] for each in found["compared"]] == [["40-64"], ["0-17", "18-39"]]
    assert [each["compared"] for each in found["compared"]] == [526, 75]
    assert [each["share"]["count"] for each in found["discordance"]] == [66, 20]
    assert found["modelSensitivity"] == HIDDEN


def test_of_one_large_group_beside_a_few_nothing_is_told() -> None:
    found = report({"female": rows(*USUAL), "male": rows(("d", None, 9))})
    assert {found[each] for each in ("compared", "discordance", "yield", "modelSensitivity")} == {HIDDEN}


def test_what_the_whole_report_does_not_tell_groups_do_not_either() -> None:
    groups = {"female": rows(*USUAL), "male": rows(*USUAL)}
    hidden = told(rows(("a", None, 40), ("b", P, 4), ("d", None, 900)))
    found = by_groups(groups, hidden, "no audit share")
    assert found["compared"] != HIDDEN
    assert {found[each] for each in ("discordance", "yield", "modelSensitivity")} == {HIDDEN}


def test_few_cases_are_not_held_against_others() -> None:
    few = rows(("a", None, 5), ("b", P, 10), ("c", P, 5), ("d", None, 8))
    found = report({"one": few, "other": rows(*USUAL)})
    assert found["discordance"][0]["difference"] == TOO_FEW
    assert found["discordance"][0]["ratio"] == TOO_FEW


def test_corrected_as_the_whole_is() -> None:
    read = rows(
        ("a", P, 40), ("a", A, 10), ("a", None, 150), ("b", P, 25), ("b", A, 15), ("c", P, 12),
        ("c", A, 14), ("d", P, 10), ("d", A, 40), ("d", None, 350),
    )  # fmt: skip
    groups = {"female": read, "male": read}
    found = by_groups(groups, told(read + read), None)
    assert found["accuracyKind"] == "corrected"
    [female, male] = found["modelSensitivity"]
    ill = 200 * 40 / 50 + 25 + 12 + 400 * 10 / 50
    assert round(female["share"]["value"], 6) == round((200 * 40 / 50 + 25) / ill, 6)
    assert female["share"] == male["share"]
    assert female["difference"]["value"] == 0
    assert female["difference"]["low"] < 0 < female["difference"]["high"]
    assert female["ratio"]["value"] == 1
    assert female["shrunken"] == HIDDEN


def test_where_the_whole_has_a_range_groups_have_one_and_are_not_compared() -> None:
    read = rows(
        ("a", P, 40), ("a", A, 10), ("a", None, 150), ("b", P, 25), ("b", A, 15), ("c", P, 12),
        ("c", A, 14), ("d", P, 1), ("d", A, 40), ("d", None, 350),
    )  # fmt: skip
    found = by_groups({"female": read, "male": read}, told(read + read), None)
    assert found["accuracyKind"] == "corrected"
    assert {"from", "to"} <= found["modelSensitivity"][0]["share"].keys()
    assert found["modelSensitivity"][0]["difference"] == HIDDEN


def test_of_groups_with_few_audits_it_is_relative() -> None:
    few = rows(*USUAL, ("a", P, 15), ("a", A, 12), ("d", A, 8))
    many = rows(*USUAL, ("a", P, 15), ("a", A, 12), ("d", A, 30))
    found = by_groups({"female": few, "male": many}, told(few + many), None)
    assert found["accuracyKind"] == "relative"
    assert [each["share"]["of"] for each in found["modelSensitivity"]] == [37, 37]


def test_whoever_is_in_no_group_is_told_as_the_rest() -> None:
    found = report({"female": rows(*USUAL), "": rows(*USUAL), "male": rows(*USUAL)})
    assert [each["group"] for each in found["discordance"]] == [["female"], ["male"], [""]]


# -- suppression ------------------------------------------------------------------------------------


def _tables(atoms: int, total: int) -> Iterator[tuple[int, ...]]:
    for cuts in itertools.combinations(range(total + atoms - 1), atoms - 1):
        edges = (-1, *cuts, total + atoms - 1)
        yield tuple(after - before - 1 for before, after in itertools.pairwise(edges))


@pytest.mark.parametrize(("groups", "total"), [(2, 9), (2, 12), (2, 14), (3, 9), (3, 10), (3, 12)])
def test_no_small_number_follows_from_what_is_printed(
    monkeypatch: pytest.MonkeyPatch, groups: int, total: int
) -> None:
    """By brute force, with three for ten: of all tables that print the same, no number is 1 or 2 in each.

    So it holds also against somebody who knows how what is told is chosen.
    """
    monkeypatch.setattr(telling, "FEWEST", 3)
    monkeypatch.setattr(fairness, "FEWEST", 3)
    names = "xyz"[:groups]
    same: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for table in _tables(2 * groups, total):
        of = {
            name: rows(("d", None, table[2 * at]), ("b", P, table[2 * at + 1]))
            for at, name in enumerate(names)
        }
        whole = told(itertools.chain(*of.values()))
        printed = json.dumps([by_groups(of, whole, "none"), whole.compared, whole.agree, whole.disagree])
        same[printed].append(table)
    assert len(same) > 5
    sets = [
        group
        for size in range(1, 2 * groups + 1)
        for group in itertools.combinations(range(2 * groups), size)
    ]
    for printed, tables in same.items():
        for each in sets:
            found = {sum(table[at] for at in each) for table in tables}
            assert len(found) > 1 or not 0 < min(found) < 3, (printed, each, tables[:3])


def test_no_small_number_follows_by_sums_and_differences_of_all_levels() -> None:
    """Parts of each level: every number of a part, and of what is left of the whole without parts."""
    dice, seen = random.Random(7), 0
    for _ in range(300):
        groups = {
            name: rows(
                *((cell, final, dice.choice([0, 3, 9, 10, 14, 40])) for cell in "bc" for final in (P, A)),
                ("a", None, dice.choice([0, 5, 20, 90])), ("d", None, dice.choice([0, 8, 30, 400])),
            )
            for name in "vwxyz"
        }  # fmt: skip
        whole = told(itertools.chain(*groups.values()))
        before: list[set[str]] = []
        for level in ("compared", "discordance", "yield"):
            found = by_groups(groups, whole, "none")[level]
            if found == HIDDEN:
                break
            seen += 1
            parts = [set(each["group"]) for each in found]
            assert all(any(one <= other for other in parts) for one in before)
            before = parts
            for part in parts:
                got = told([row for name in part for row in groups[name]])
                numbers = {"compared": [got.compared], "discordance": [got.agree, got.disagree]}
                counts = numbers.get(level, [got.sided.present, got.sided.absent])
                assert all(isinstance(each, int) and each >= 10 for each in counts)
    assert seen > 200


def test_a_part_is_a_group_or_all_that_are_too_small() -> None:
    groups = {"x": rows(("d", None, 4)), "y": rows(("d", None, 5)), "z": rows(("d", None, 50))}
    assert parts_of(groups, frozenset(), lambda t: isinstance(t.compared, int)) == ()
    groups["w"] = rows(("d", None, 60))
    found = parts_of(groups, frozenset(), lambda t: isinstance(t.compared, int))
    assert [each.names for each in found] == [("z",), ("w", "x", "y")]


# -- names of groups --------------------------------------------------------------------------------


BANDS = (
    Subgroup("children under 5", 108, "", "", Ages(Decimal("0.1"), Decimal("4.999"))),
    Subgroup("women", 41, "", "", None, "female"),
    Subgroup("adults of 18 to 64", 41, "", "", Ages(Decimal(18), Decimal("64.999"))),
)


@pytest.mark.parametrize(
    ("years", "bands", "name"),
    [
        (0, (), "0-17"), (17, (), "0-17"), (18, (), "18-39"), (40, (), "40-64"), (65, (), "65 and over"),
        (None, BANDS, "not known"), (0, BANDS, "children under 5"), (4, BANDS, "children under 5"),
        (5, BANDS, "other ages"), (64, BANDS, "adults of 18 to 64"), (65, BANDS, "other ages"),
    ],
)  # fmt: skip
def test_ages_are_in_the_card_s_own_bands_or_in_four(
    years: int | None, bands: tuple[Subgroup, ...], name: str
) -> None:
    assert group_of(By.AGE, Kind(years), None, bands) == name


def test_other_groups() -> None:
    kind = Kind(40, "female", Device("Acme", "", "2.1"))
    assert group_of(By.SEX, kind, None, ()) == "female"
    assert group_of(By.DEVICE, kind, None, ()) == "Acme, 2.1"
    assert group_of(By.SITE, kind, "north", ()) == "north"
    assert {group_of(by, Kind(), None, ()) for by in By} == {"not known"}
