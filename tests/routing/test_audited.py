"""What audits tell, what specialists changed and what was saved, against the vectors of the reference."""

from __future__ import annotations

import math
from typing import Any

import pytest

from server.model import Alike, Answer
from server.routing.accuracy import accuracy
from server.routing.audited import audits
from server.routing.influence import influence
from server.routing.told import FEW, HIDDEN, told
from server.routing.workload import ALONE, saved, workload

P, A = Answer.PRESENT, Answer.ABSENT
CELLS = {"a": (P, P), "b": (A, P), "c": (P, A), "d": (A, A)}


def rows(*cells: tuple[str, Answer | None, int], blind: Answer | None = None) -> list[Alike]:
    return [Alike("P1", *CELLS[cell], True, final, "d1", n, blind) for cell, final, n in cells]


USUAL = rows(
    ("a", P, 40), ("a", A, 10), ("a", None, 50), ("b", P, 60), ("b", A, 50), ("d", A, 3000), ("d", None, 90)
)  # fmt: skip


def test_three_thousand_clean_audits_bound_it_below_one_in_a_thousand() -> None:
    found = audits(told(USUAL + rows(("c", P, 10), ("c", A, 30))), None, corrected=True)["bothWrong"]
    assert found["bothAbsent"]["read"] == 3000
    assert math.isclose(found["bothAbsent"]["from"], 0.001)
    assert 0.004 < found["bothAbsent"]["to"] < 0.006
    assert found["bothPresent"]["from"] == found["bothPresent"]["to"] > 10 / 50


@pytest.mark.parametrize(("fraction", "gives_away"), [(0.05, 0.71), (0.124, 0.50)])
def test_what_a_referral_gives_away(fraction: float, gives_away: float) -> None:
    """Second-reading S2.5: d = 11 %."""
    cells = rows(("a", None, 90), ("b", P, 55), ("c", A, 55), ("d", None, 800))
    found = audits(told(cells), fraction, corrected=False)["modelDisagreedWhereAsked"]
    assert round(found["byAuditShare"], 2) == gives_away
    assert found["achieved"] == {"from": 110 / 128, "to": 1.0}


def test_of_readers_who_differ_one_is_better() -> None:
    cells = rows(("a", None, 90), ("b", P, 86), ("c", P, 150), ("d", None, 800))
    found = audits(told(cells), None, corrected=False)
    assert found["betterReader"]["modelRight"] == 86
    assert found["betterReader"]["p"] < 0.0001
    assert found["sharedErrors"] == HIDDEN


def test_where_numbers_are_not_told_nothing_of_it_is() -> None:
    found = audits(told(rows(("a", P, 5), ("b", P, 3), ("d", None, 90))), 0.05, corrected=True)
    assert found["bothWrong"] == {"bothPresent": HIDDEN, "bothAbsent": HIDDEN}
    assert found["modelDisagreedWhereAsked"] == {"achieved": HIDDEN, "byAuditShare": HIDDEN}
    assert (found["betterReader"], found["sharedErrors"]) == (HIDDEN, HIDDEN)


# -- what specialists changed ------------------------------------------------------------------------


def changed(*cells: tuple[str, Answer | None, Answer | None, int]) -> dict[str, Any]:
    of = [each for cell, blind, final, n in cells for each in rows((cell, final, n), blind=blind)]
    return influence(of, told(of))


def test_who_turned_to_whom() -> None:
    found = changed(
        ("b", P, P, 20), ("b", A, P, 11), ("c", P, A, 4), ("b", A, A, 30), ("c", A, P, 12), ("c", P, P, 8),
        ("c", A, A, 6), ("d", None, None, 50), ("a", A, P, 9), ("a", P, P, 41),
    )  # fmt: skip
    assert (found["towardsModel"]["count"], found["towardsModel"]["of"]) == (15, 41)
    assert (found["towardsFirst"]["count"], found["towardsFirst"]["of"]) == (12, 50)


def test_a_few_who_turned_are_not_told_nor_a_few_who_did_not() -> None:
    found = changed(
        ("b", P, P, 30), ("b", A, P, 9), ("c", A, P, 30), ("c", P, P, 3), ("d", None, None, 50),
        ("a", None, None, 50),
    )  # fmt: skip
    assert found["towardsModel"]["count"] == FEW
    assert found["towardsFirst"]["count"] == HIDDEN
    assert changed(("b", P, P, 5)) == {"towardsModel": HIDDEN, "towardsFirst": HIDDEN}


# -- workload ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "before", "weight", "percent"),
    [
        (0.123, 0.033, 1, 44.8), (0.123, 0.033, 4, 30.0),
        (2158 / 23019, 891 / 46038 * 2, 1, 46.4), (2158 / 23019, 891 / 46038 * 2, 5, 33.0),
    ],
    ids=["Sharma", "Sharma, four times", "Warren", "Warren, five times"],
)  # fmt: skip
def test_published_workloads(read: float, before: float, weight: float, percent: float) -> None:
    """Second-reading 6.2, V1 and V6."""
    assert round(100 * saved(read, weight, before), 1) == percent


def test_reads_of_humans_with_what_stands_beside_them() -> None:
    cells = told(
        rows(("a", None, 100), ("b", P, 20), ("b", A, 10), ("c", P, 10), ("c", A, 20), ("d", None, 340))
    )
    relative = accuracy(cells, "no audits")
    found = workload(cells, relative)
    assert isinstance(found, dict)
    assert found["specialistReadsPerCase"] == {"from": 60 / 500, "to": 78 / 500}
    assert found["saved"]["1"] == {"from": 1 - 1.156 / 2, "to": 1 - 1.12 / 2}
    assert found["saved"]["5"]["to"] == 1 - 1.6 / 2
    assert found["beside"]["model"]["sensitivity"]["count"] == 20
    assert found["kind"] == "relative"


def test_never_without_sensitivity_and_specificity() -> None:
    cells = told(rows(("a", None, 100), ("b", P, 20), ("b", A, 10), ("c", A, 5), ("d", None, 340)))
    assert workload(cells, accuracy(cells, "no audits")) == ALONE
