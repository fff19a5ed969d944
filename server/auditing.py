"""From accesses to AuditEvents: by a worker as they come, and at once for an auditor who asks.

So an access costs its request a small row, and an auditor searches ordinary resources.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.accesses import Access
from server.errors import Category, fault
from server.fhir.audit.events import events
from server.fhir.audit.subjects import patients
from server.fhir.stamp import stamped
from server.ports import Raced, ResourceWrite, Shelf, Stored
from server.store.accesses import Accesses, Marks
from server.worker import Now

_AT_ONCE = 32
"""Accesses in one commit, which other writers wait for."""
_PATIENCE = 100
"""Commits for which an auditor's request waits."""


@dataclass(frozen=True, slots=True)
class AuditClerk:
    """``server.accesses.AuditTrail``, and the worker that writes it up."""

    accesses: Accesses
    shelf: Shelf
    base: str
    now: Now

    def keep(self, accesses: Sequence[Access]) -> None:
        self.accesses.keep(accesses)

    def once(self) -> bool:
        """Write up the oldest; False when there are none."""
        return self._write_up(self.accesses.marks())

    def catch_up(self) -> None:
        upto = self.accesses.marks()
        for _ in range(_PATIENCE):
            if not self._write_up(upto):
                return
        text = "the latest accesses are being written up, and this would leave some out; try again"
        raise fault(Category.UNAVAILABLE, "throttled", text)

    def _write_up(self, upto: Marks) -> bool:
        waiting = self.accesses.waiting(upto, _AT_ONCE)
        if not waiting:
            return False
        try:
            self.accesses.settle([(each, self._events(each.access)) for each in waiting])
        except Raced:  # somebody else writes up the same
            return True
        return True

    def _events(self, access: Access) -> list[ResourceWrite]:
        """They refer to what they tell of, and keep none of it from being deleted."""
        whom = patients(access, self._look)
        made = events(access, whom, self.base)
        return [stamped(each, each["id"], 1, self.now(), references=()) for each in made]

    def _look(self, type_: str, id_: str, version: int | None) -> Stored | None:
        if version is None:
            return self.shelf.newest(type_, id_)
        return self.shelf.read(type_, id_, version)
