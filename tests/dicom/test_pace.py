"""When a peer has had enough time, and how often it may ask."""

from __future__ import annotations

import pytest

from server.dicom.limits import Limits
from server.dicom.pace import Phase, Throttle, overdue, too_slow

LIMITS = Limits(
    request_seconds=5, idle_seconds=60, grace_seconds=5, pace_bytes=1000, answer_seconds=30, linger_seconds=1
)


@pytest.mark.parametrize(
    ("phase", "waited", "moved", "late"),
    [
        (Phase.FRESH, 5.0, 0, False),
        (Phase.FRESH, 5.1, 60_000, True),
        (Phase.IDLE, 60.0, 0, False),
        (Phase.IDLE, 60.1, 0, True),
        (Phase.IN_PDU, 5.0, 0, False),
        (Phase.IN_PDU, 6.0, 999, True),
        (Phase.IN_PDU, 6.0, 1000, False),
        (Phase.IN_PDU, 100.0, 95_000, False),
        (Phase.WORKING, 1e6, 0, False),
        (Phase.ANSWERING, 30.1, 0, True),
        (Phase.LINGERING, 1.1, 0, True),
    ],
)
def test_a_peer_has_so_long(phase: Phase, waited: float, moved: int, *, late: bool) -> None:
    assert overdue(phase, waited, moved, LIMITS) is late


def test_the_pace_is_looked_at_after_the_grace() -> None:
    assert not too_slow(60, 0, 60, LIMITS)
    assert too_slow(61, 999, 60, LIMITS)


def test_a_throttle_refills_with_time_and_is_one_for_each_address() -> None:
    throttle = Throttle(Limits(requests_per_second=2, requests_at_once=3))
    assert [throttle.allows("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert throttle.allows("b", 0.0)
    assert not throttle.allows("a", 0.4)
    assert throttle.allows("a", 0.6)
    assert not throttle.allows("a", 0.6)
    assert [throttle.allows("a", 100.0) for _ in range(4)] == [True, True, True, False]


def test_a_throttle_remembers_no_more_than_it_must() -> None:
    throttle = Throttle(Limits())
    for number in range(5000):
        throttle.allows(f"10.0.{number // 256}.{number % 256}", 0.0)
    assert len(throttle._left) == 1000
