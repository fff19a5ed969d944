"""Seats are counted over all processes; whoever dies leaves none behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from server.seats import Seats

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")


@pytest.fixture
def seats() -> Iterator[Seats]:
    made = Seats(5, 3, processes=2)
    yield made
    made.close()


def test_no_more_than_there_are_nor_than_one_may_have(seats: Seats) -> None:
    taken = [seats.take("10.0.0.1") for _ in range(4)]
    assert taken == [0, 1, 2, None]
    assert [seats.take("10.0.0.2") for _ in range(3)] == [3, 4, None]
    seats.give_back(1)
    assert seats.take("10.0.0.2") == 1
    assert seats.taken == 5


def test_a_killed_process_leaves_seats_to_give_back_and_no_lock(seats: Seats) -> None:
    seats.take("10.0.0.1")
    child = os.fork()
    if not child:  # pragma: no cover - another process
        seats.take("10.0.0.2")
        seats.take("10.0.0.2")
        with seats._locked():
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert seats.taken == 3
    seats.vacate(child)
    assert seats.taken == 1


def test_who_has_more_than_its_share(seats: Seats) -> None:
    assert not seats.more_than_our_share
    seats.take("10.0.0.1")
    assert seats.more_than_our_share, "the other has none"
    child = os.fork()
    if not child:  # pragma: no cover - another process
        seats.take("10.0.0.2")
        os._exit(0)
    os.waitpid(child, 0)
    assert not seats.more_than_our_share, "one each"
