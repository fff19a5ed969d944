"""Who was right, where it was told how cases turned out: shares, and what is not told."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from server.model import Answer, Basis, KnownCase
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


def test_it_is_printed_with_what_it_is_of() -> None:
    text = "\n".join(outcome_lines({"outcomes": outcome_figures(CASES)}))
    assert "no lot of all cases" in text
    assert "model, sensitivity" in text
    assert "72.0 % (62.5 % to 79.9 %; 72 of 100)" in text
    assert "the model was overruled, and was right" in text
    assert "autopsy" not in text
