"""What all listeners together have done, in numbers: counted in shared memory, told in a small file.

A listener adds to its own part of the memory and touches no disk. Their parent, which has nothing else to
do, writes the sums into the data folder now and then, where whoever serves /metrics reads them. All names are
fixed beforehand: nothing of a peer or a patient can become one.
"""

from __future__ import annotations

import json
import mmap
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from server.dicom.upper.answer import Rejection
from server.dicom.upper.pdu import Why
from server.errors import Category
from server.objects import Held

FILE = "dicom-counts.json"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds from the last byte of an object to its being durable; what took longer is in one more."""
NAMES = (
    "associations accepted",
    *(f"associations rejected {each.name.lower()}" for each in Rejection),
    *(f"aborted {each.name.lower()}" for each in Why),
    "aborted too slow",
    "aborted too many refusals",
    "aborted stopping",
    "aborted by the peer",
    "handshakes failed",
    *(f"objects {each}" for each in Held),
    *(f"objects {each.value}" for each in Category),
    "objects failed",
    "bytes",
)
_AT = {name: number for number, name in enumerate(NAMES)}
_TIMES = len(NAMES)
_MICROSECONDS = _TIMES + len(BUCKETS) + 1
_WIDTH = _MICROSECONDS + 1
_WORD = 8


@dataclass(frozen=True, slots=True)
class Told:
    """Of all listeners, since their parent started."""

    at: float
    """When it was written, in seconds since 1970."""
    seats: int
    """Associations that stand."""
    counts: Mapping[str, int]
    times: tuple[int, ...]
    """How many objects took how long, by ``BUCKETS``."""
    seconds: float
    """All of them together."""


class Counts:
    """Made before the processes are forked; each writes to its own part."""

    def __init__(self, processes: int) -> None:
        self._memory = mmap.mmap(-1, processes * _WIDTH * _WORD)
        self._words = memoryview(self._memory).cast("Q")
        self._processes = processes

    def part(self, number: int) -> Part:
        """Of one listener; that of one which has died is taken over by the next, counts and all."""
        return Part(self._words[number * _WIDTH : (number + 1) * _WIDTH])

    def told(self, at: float, seats: int) -> Told:
        sums = [sum(self._words[each::_WIDTH]) for each in range(_WIDTH)]
        counts = {name: sums[number] for name, number in _AT.items()}
        return Told(at, seats, counts, tuple(sums[_TIMES:_MICROSECONDS]), sums[_MICROSECONDS] / 1e6)

    def close(self) -> None:
        self._words.release()
        self._memory.close()


class Part:
    """A place for each name, and for times."""

    def __init__(self, words: memoryview[int]) -> None:
        self._words = words

    def add(self, name: str, number: int = 1) -> None:
        """A name that is not among ``NAMES`` is for the log alone."""
        at = _AT.get(name)
        if at is not None:
            self._words[at] += number

    def took(self, seconds: float) -> None:
        self._words[_TIMES + bisect_left(BUCKETS, seconds)] += 1
        self._words[_MICROSECONDS] += max(0, round(seconds * 1e6))


def write(folder: Path, told: Told) -> None:
    """Raises OSError. Whoever reads finds the file before or this one."""
    beside = folder / f"{FILE}.new"
    beside.write_text(json.dumps(asdict(told)), encoding="utf-8")
    beside.replace(folder / FILE)


def read(folder: Path) -> Told | None:
    """None where no listener of this machine has told anything yet, or not in these words."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Told(said["at"], said["seats"], said["counts"], tuple(said["times"]), said["seconds"])
    except (FileNotFoundError, ValueError, LookupError):
        return None
