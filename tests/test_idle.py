"""A loop that found nothing looks again when somebody has written, or after a moment; seldom otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

from server.idle import Idle


class Clock:
    """A second goes by in ten looks at it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 0.1
        return self.seconds


class Never(Event):
    """An event that is not set, for which nobody waits; it counts how often somebody would have."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout == 0.01
        self.waits += 1
        return self.is_set()


def numbers(*told: int | None) -> Iterator[int | None]:
    yield from told
    while True:
        yield told[-1]


def idle(*told: int | None) -> Idle:
    source = numbers(*told)
    return Idle(0.01, lambda: next(source), Clock())


def test_it_looks_at_once_when_somebody_has_written() -> None:
    rest, stop = idle(1, 1, 1, 2), Never()
    rest(stop)
    assert stop.waits == 1, "the first time nothing is known"
    rest(stop)
    assert stop.waits == 4


def test_it_looks_after_a_moment_in_any_case() -> None:
    rest, stop = idle(1), Never()
    rest(stop)
    rest(stop)
    assert 2 < stop.waits <= 4


def test_it_looks_each_time_where_nobody_can_tell() -> None:
    rest, stop = idle(None), Never()
    for _ in range(5):
        rest(stop)
    assert stop.waits == 5


def test_it_ends_when_it_is_told_to() -> None:
    rest, stop = idle(1), Never()
    stop.set()
    rest(stop)
    assert stop.waits == 1
