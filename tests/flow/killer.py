"""Kills a program at random moments, starts it again, and keeps count."""

from __future__ import annotations

import statistics
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.flow.processes import Program, Site, until

WEB = ("group", "group", "leader", "follower", "follower")
"""Master and workers together; the master alone; one worker, which the master replaces."""
WORK = ("group", "leader")
"""With or without the model's process, which has to end by itself when it is orphaned."""
_LONGEST_LIFE = 2.5
_WHILE_STARTING = 0.2
"""Share of the kills that do not wait until the program is up."""


@dataclass
class Killer:
    """One program's killer; ``run`` ends after ``kills``, with the program up."""

    site: Site
    program: Program
    ways: Sequence[str]
    kills: int
    random: Random
    killed: Counter[str] = field(default_factory=Counter)
    ready: list[float] = field(default_factory=list)
    """Seconds from start to ready."""

    def run(self, stop: threading.Event) -> None:
        while self.killed.total() < self.kills:
            stop.wait(self.random.uniform(0.0, _LONGEST_LIFE))
            if stop.is_set():
                return
            self._kill(self.random.choice(self.ways))
            if self.program.ended() is None:
                continue  # it lost a follower only, and carries on
            if self.random.random() < _WHILE_STARTING and self.killed.total() < self.kills:
                self.program.start()
                continue
            self.ready.append(self.site.bring_up(self.program))

    def _kill(self, way: str) -> None:
        if way == "follower" and not self.program.kill_follower(self.random.choice):
            way = "group"  # the draw fell into the moment before there are workers
        if way == "group":
            self.program.kill_group()
        elif way == "leader":
            self.program.kill_leader()
        self.killed[way] += 1

    def leave_nothing(self) -> None:
        """Raises Late when something of an earlier start still lives."""
        until(lambda: not self.program.left_behind(), 40.0, f"earlier starts of {self.program.name} end")

    def told(self) -> str:
        how = ", ".join(f"{count} {way}" for way, count in sorted(self.killed.items()))
        if not self.ready:  # of few kills each may have met it while it started
            return f"{self.program.name}: {how}"
        ready = f"{statistics.median(self.ready):.1f} s (median), {max(self.ready):.1f} s (longest)"
        return f"{self.program.name}: {how}; ready again after {ready}"
