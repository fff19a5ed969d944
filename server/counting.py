"""What all listeners of a door have done, in numbers: counted in shared memory, told in a small file.

A listener adds to its own part of the memory and touches no disk. Their parent, which has nothing else to
do, writes the sums into the data folder now and then, where whoever serves /metrics reads them. All names are
fixed beforehand: nothing of a peer or a patient can become one.
"""

from __future__ import annotations

import json
import mmap
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds from the last byte of what came to its being durable; what took longer is in one more."""
_WORD = 8


@dataclass(frozen=True, slots=True)
class Told:
    """Of all listeners, since their parent started."""

    at: float
    """When it was written, in seconds since 1970."""
    seats: int
    """Connections, or associations, that stand."""
    counts: Mapping[str, int]
    times: tuple[int, ...]
    """How many took how long, by ``BUCKETS``."""
    seconds: float
    """All of them together."""


class Counts:
    """Made before the processes are forked; each writes to its own part."""

    def __init__(self, names: Sequence[str], processes: int) -> None:
        self._at = {name: number for number, name in enumerate(names)}
        self._width = len(names) + len(BUCKETS) + 2
        self._memory = mmap.mmap(-1, processes * self._width * _WORD)
        self._words = memoryview(self._memory).cast("Q")

    def part(self, number: int) -> Part:
        """Of one listener; that of one which has died is taken over by the next, counts and all."""
        return Part(self._at, self._words[number * self._width : (number + 1) * self._width])

    def told(self, at: float, seats: int) -> Told:
        sums = [sum(self._words[each :: self._width]) for each in range(self._width)]
        counts = {name: sums[number] for name, number in self._at.items()}
        return Told(at, seats, counts, tuple(sums[len(counts) : -1]), sums[-1] / 1e6)

    def close(self) -> None:
        self._words.release()
        self._memory.close()


class Part:
    """A place for each name, for times, and for the microseconds of all of them together."""

    def __init__(self, at: Mapping[str, int], words: memoryview[int]) -> None:
        self._at = at
        self._words = words

    def add(self, name: str, number: int = 1) -> None:
        """A name that is not among those of the door is for the log alone."""
        at = self._at.get(name)
        if at is not None:
            self._words[at] += number

    def took(self, seconds: float) -> None:
        self._words[len(self._at) + bisect_left(BUCKETS, seconds)] += 1
        self._words[-1] += max(0, round(seconds * 1e6))


def write(folder: Path, file: str, told: Told) -> None:
    """Raises OSError. Whoever reads finds the file before or this one."""
    beside = folder / f"{file}.new"
    beside.write_text(json.dumps(asdict(told)), encoding="utf-8")
    beside.replace(folder / file)


def read(folder: Path, file: str) -> Told | None:
    """None where no listener of this machine has told anything yet, or not in these words."""
    try:
        said = json.loads((folder / file).read_text(encoding="utf-8"))
        return Told(said["at"], said["seats"], said["counts"], tuple(said["times"]), said["seconds"])
    except (FileNotFoundError, ValueError, LookupError):
        return None
