"""Who was right, where it was told how cases turned out: shares, and what is not told."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from server.model import Answer, Basis, KnownCase
from server.routing import outcome_figures as figures
from server.routing import told as telling
from server.routing.outcome_figures import outcome_figures
from server.routing.outcome_lines import outcome_lines
from server.routing.told import FEW, HIDDEN

P, A = Answer.PRESENT, Answer.ABSENT
DAY = timedelta(days=1)


Said = tuple[Answer | None, Answer | None, Answer | None]


def known(
    said: Said, out: Answer, count: int, basis: Basis = Basis.CULTURE, days: int = 1
) -> list[KnownCase]:
    """``said``: by the first reader, the model, and in the end."""
    return [KnownCase(*said, out, basis, days * DAY)] * count


CASES = [
    *known((P, P, P), P, 40),
    *known((A, P, P), P, 20),
    *known((A, P, A), P, 12),  # the model was overruled, and was right
    *known((A, A, A), P, 15),  # both have missed it
    *known((P, A, P), P, 13),
    *known((A, A, A), A, 80, Basis.CLINICAL_COURSE, 31),
    *known((A, P, A), A, 20, Basis.CLINICAL_COURSE, 31),
]


def test_each_reader_by_how_it_turned_out() -> None:
    found = outcome_figures(CASES)
    assert (found["known"], found["present"], found["absent"]) == (200, 100, 100)
    shares = {
        (who, rate): (found[who][rate]["count"], found[who][rate]["of"])
        for who, rate in product(("first", "model", "end"), ("sensitivity", "specificity"))
        if isinstance(found[who][rate], dict) and "share" in found[who][rate]
    }
    assert shares == {
        ("first", "sensitivity"): (53, 100),
        ("model", "sensitivity"): (72, 100),
        ("model", "specificity"): (80, 100),
        ("end", "sensitivity"): (73, 100),
    }
    assert found["first"]["specificity"]["atLeast"] == 0.91, "all but fewer than ten"
    assert (found["overruledThenRight"]["count"], found["overruledThenRight"]["of"]) == (12, 72)
    assert (found["bothMissed"]["count"], found["bothMissed"]["of"]) == (15, 100)
    assert (found["within"]["30 days"], found["basis"]["culture"]) == (100, 100)


def test_whoever_says_nothing_is_in_no_share() -> None:
    found = outcome_figures([*CASES, *known((None, P, P), P, 10)])
    assert found["first"]["sensitivity"]["of"] == 100
    assert found["model"]["sensitivity"]["of"] == 110
    assert found["bothMissed"]["of"] == 100


@pytest.mark.parametrize("silent", [1, 9])
def test_few_who_say_nothing_hide_the_share_or_it_would_tell_them(silent: int) -> None:
    found = outcome_figures([*CASES, *known((None, P, P), P, silent)])
    assert found["first"]["sensitivity"] == found["bothMissed"] == HIDDEN
    assert found["model"]["sensitivity"]["of"] == 100 + silent


def test_of_fewer_than_ten_nothing_is_told() -> None:
    found = outcome_figures(known((P, P, P), P, 9))
    assert found["known"] == FEW
    told = [found["present"], found["absent"], found["first"], found["overruledThenRight"]]
    assert told == [HIDDEN, HIDDEN, {"sensitivity": HIDDEN, "specificity": HIDDEN}, HIDDEN]
    assert set(found["within"].values()) == set(found["basis"].values()) == {HIDDEN}


@pytest.mark.parametrize("few", range(1, 10))
def test_no_number_below_ten_follows_from_what_is_told(few: int) -> None:
    """Whatever small group there is: no printed number is it, nor the difference of two of one whole."""
    for first, model, end, out in product((P, A), (P, A), (P, A), (P, A)):
        found = outcome_figures([*CASES, *known((first, model, end), out, few, Basis.AUTOPSY, 800)])
        wholes = [
            [found["known"], found["present"], found["absent"]],
            list(found["within"].values()),
            list(found["basis"].values()),
        ]
        for who, rate in product(("first", "model", "end"), ("sensitivity", "specificity")):
            wholes.append(_numbers(found[who][rate]))
        wholes += [_numbers(found["overruledThenRight"]), _numbers(found["bothMissed"])]
        for each in wholes:
            numbers = [n for n in each if isinstance(n, int) and n]
            assert all(n >= 10 for n in numbers), each
        for name in ("within", "basis"):
            told = [n for n in found[name].values() if isinstance(n, int)]
            rest = found["known"] - sum(told)
            assert rest == 0 or rest >= 10, name


def _numbers(figure: Any) -> list[int]:
    if not isinstance(figure, dict) or not isinstance(figure.get("count"), int):
        return []
    return [figure["count"], figure["of"], figure["of"] - figure["count"]]


def test_what_the_model_found_is_not_told_where_what_it_missed_is_not() -> None:
    rows = [*known((P, P, P), P, 16), *known((A, P, A), P, 11), *known((A, A, A), P, 3)]
    found = outcome_figures([*rows, *known((A, A, A), A, 40)])
    assert (found["present"], found["model"]["sensitivity"]["count"]) == (30, HIDDEN)
    assert found["overruledThenRight"] == HIDDEN, "11 of 27 would tell that it missed 3 of 30"
    assert (found["bothMissed"]["count"], found["bothMissed"]["of"]) == (FEW, 30)


def _tables(atoms: int, total: int) -> Iterator[tuple[int, ...]]:
    for cuts in itertools.combinations(range(total + atoms - 1), atoms - 1):
        edges = (-1, *cuts, total + atoms - 1)
        yield tuple(after - before - 1 for before, after in itertools.pairwise(edges))


ALL: Sequence[Said] = tuple(product((P, A), repeat=3))
SILENT_FIRST: Sequence[Said] = tuple(product((P, A, None), (P, A), (P,)))
SILENT_MODEL: Sequence[Said] = tuple(product((P,), (P, A, None), (P, A)))


@pytest.mark.parametrize(
    ("atoms", "total"),
    [(ALL, 9), (ALL, 12), (SILENT_FIRST, 12), (SILENT_FIRST, 15), (SILENT_MODEL, 12), (SILENT_MODEL, 15)],
)
def test_no_small_number_follows_from_all_that_is_printed_of_the_ill(
    monkeypatch: pytest.MonkeyPatch, atoms: Sequence[Said], total: int
) -> None:
    """By brute force, with three for ten: of all tables that print the same, no number is 1 or 2 in each."""
    monkeypatch.setattr(telling, "FEWEST", 3)
    monkeypatch.setattr(figures, "FEWEST", 3)
    same: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    well = known((A, A, A), A, 5)
    for table in _tables(len(atoms), total):
        cases = [case for said, count in zip(atoms, table, strict=True) for case in known(said, P, count)]
        same[json.dumps(outcome_figures([*cases, *well]))].append(table)
    assert len(same) > 5
    sizes = range(1, len(atoms) + 1)
    sets = [each for size in sizes for each in itertools.combinations(range(len(atoms)), size)]
    for printed, tables in same.items():
        for each in sets:
            found = {sum(table[at] for at in each) for table in tables}
            assert len(found) > 1 or not 0 < min(found) < 3, (printed, each, tables[:3])


def test_it_is_printed_with_what_it_is_of() -> None:
    text = "\n".join(outcome_lines({"outcomes": outcome_figures(CASES)}))
    assert "no lot of all cases" in text
    assert "model, sensitivity" in text
    assert "72.0 % (62.5 % to 79.9 %; 72 of 100)" in text
    assert "the model was overruled, and was right" in text
    assert "autopsy" not in text
