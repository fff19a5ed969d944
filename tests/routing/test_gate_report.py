"""What is told of a gatekeeper: bounds where a number is below ten, and nothing that tells one."""

from __future__ import annotations

import pytest

from server.model import Passed
from server.routing.gate import omission_bound
from server.routing.gate_report import gate_figures
from server.routing.told import FEW, HIDDEN


def test_what_is_large_is_told() -> None:
    found = gate_figures(Passed(cases=2000, ruled_out=600, reread=800, found=12), 0.005)
    assert (found["judged"], found["ruledOut"]["count"], found["readByHumans"]) == (2000, 600, 800)
    assert found["found"]["count"] == 12
    bound = omission_bound(Passed(reread=800, found=12))
    assert found["omissionBound"] == {"from": bound, "to": bound}
    assert found["limit"] == 0.005


def test_of_few_findings_the_bound_is_a_range_from_none_to_nine() -> None:
    told = [gate_figures(Passed(2000, 600, 800, each), None) for each in range(10)]
    assert all(each == told[0] for each in told)
    assert told[0]["found"] == {"count": FEW, "of": 800, "atMost": 9 / 800, "high": told[0]["found"]["high"]}
    assert told[0]["omissionBound"]["from"] == 3 / 800
    assert told[0]["omissionBound"]["to"] == omission_bound(Passed(reread=800, found=9))


@pytest.mark.parametrize("rest", [0, 4, 9])
def test_reads_are_not_told_where_a_few_others_would_follow(rest: int) -> None:
    found = gate_figures(Passed(1000, 600, 400 - rest, 0), None)
    assert (found["ruledOut"]["count"], found["readByHumans"]) == (600, HIDDEN)
    assert (found["found"], found["omissionBound"]) == (HIDDEN, HIDDEN)


def test_nor_where_hardly_any_are_ruled_out_and_hardly_any_others_are_left() -> None:
    assert gate_figures(Passed(700, 3, 692, 0), None)["readByHumans"] == HIDDEN
    assert gate_figures(Passed(700, 3, 640, 0), None)["readByHumans"] == 640


def test_of_few_cases_nothing() -> None:
    found = gate_figures(Passed(9, 4, 3, 1), None)
    assert (found["judged"], found["ruledOut"], found["readByHumans"]) == (FEW, HIDDEN, FEW)
    assert found["omissionBound"] == HIDDEN
