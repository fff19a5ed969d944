"""Kaplan and Meier's estimate on the remissions of Freireich's trial, as every textbook prints it."""

from __future__ import annotations

import pytest

from server.routing.survival import Wait, _curve, quantile

ENDED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
GOES_ON = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
REMISSIONS: list[Wait] = [*((t, True) for t in ENDED), *((t, False) for t in GOES_ON)]
"""Weeks under 6-MP (Blood 21 (1963) 699-716; Gehan, Biometrika 52 (1965) 203-223)."""


def test_the_published_curve() -> None:
    told = {at: round(left, 3) for at, left in _curve(REMISSIONS)}
    assert told == {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.69, 16: 0.627, 22: 0.538, 23: 0.448}
    assert quantile(REMISSIONS, 0.5) == 23
    assert quantile(REMISSIONS, 0.9) is None


@pytest.mark.parametrize(("share", "at"), [(0.5, 5), (0.9, 9), (0.95, 10)])
def test_without_open_ones_it_is_the_plain_quantile(share: float, at: float) -> None:
    assert quantile([(float(each), True) for each in range(1, 11)], share) == at


def test_of_nothing_and_of_open_ones_alone_nothing() -> None:
    assert quantile([], 0.5) is None
    assert quantile([(3.0, False)] * 20, 0.5) is None
