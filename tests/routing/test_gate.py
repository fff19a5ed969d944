from __future__ import annotations

import pytest

from server.routing.gate import Gate, Passed, omission_bound, ruled_out

GATE = Gate(tau_low=0.02, at_most=0.5, reread=0.05, omitted_at_most=0.01)
CALM = Passed(cases=1000, ruled_out=400, reread=400, found=0)


@pytest.mark.parametrize(
    ("probability", "out"), [(0.0, True), (0.0199, True), (0.02, False), (0.9, False), (None, False)]
)
def test_only_what_lies_below_its_own_threshold_is_ruled_out(probability, out):
    assert ruled_out(probability, GATE, CALM) is out


def test_a_probability_that_is_no_number_goes_to_a_human():
    assert not ruled_out(float("nan"), GATE, CALM)


@pytest.mark.parametrize(("before", "out"), [(499, True), (500, True), (501, False)])
def test_the_share_ruled_out_has_a_cap(before, out):
    assert ruled_out(0.0, GATE, Passed(1001, before, 400, 0)) is out


def test_the_first_case_of_all_goes_to_a_human():
    assert not ruled_out(0.0, GATE, Passed(0, 0, 0, 0))


@pytest.mark.parametrize(("found", "out"), [(0, True), (1, False), (40, False)])
def test_what_was_found_among_them_closes_the_gate(found, out):
    assert ruled_out(0.0, GATE, Passed(1000, 400, 400, found)) is out


@pytest.mark.parametrize(
    ("reread", "found", "bound"), [(3000, 0, 0.001), (2, 0, 1.0), (100, 10, 0.1744), (100, 100, 1.0)]
)
def test_the_bound(reread, found, bound):
    assert omission_bound(Passed(1, 1, reread, found)) == pytest.approx(bound, abs=5e-4)


def test_of_nothing_nothing_is_known():
    with pytest.raises(ValueError, match="no case"):
        omission_bound(Passed(10, 5, 0, 0))
