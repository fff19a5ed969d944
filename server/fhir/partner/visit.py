"""One look at a partner: which Tasks wait for us there, and an errand for each of them.

Nothing is remembered of a Task between two looks but what stands on the Task itself, and here: one
that is claimed and not here was interrupted, one that is on hold may have got what it waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from server.errors import Fault
from server.fhir.line import Line
from server.fhir.partner.asking import GIVEN_UP, Page, is_ours, new_tasks, open_tasks, watermark
from server.fhir.partner.errand import Came, Errand
from server.fhir.partner.gathering import MOST_PAGES, pages_of
from server.model import Destination, Polling
from server.ports import Resource, Undelivered

MOST_TASKS: Final = 200
"""Of one look; the others wait for the next."""
_MOST_FAILURES: Final = 3
"""Then the partner itself is unwell, and is left alone for a while."""


@dataclass(slots=True)
class Seen:
    """What came of one look."""

    since: str
    """From when the next one must see everything, by the partner's clock."""
    came: dict[Came, int] = field(default_factory=dict)
    failure: Fault | None = None
    """The first of what could not be dealt with now, and is looked at again."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One look, with all that it needs."""

    destination: Destination
    polling: Polling
    dial: Callable[[], Line]
    """A line of its own for the look and for each Task: each is bounded in time by itself."""
    errand: Callable[[Line], Errand]
    keep: Callable[[], None]
    """Called before each Task; raises LeaseLost when another worker looks at this partner now."""

    def look(self, since: str) -> Seen:
        """Raises Undelivered when the partner cannot be asked at all."""
        with self.dial() as line:
            fresh = pages_of(line.ask, new_tasks(self.polling.owner, since), self.destination.base)
            claimed = pages_of(line.ask, open_tasks(self.polling.owner), self.destination.base)
        tasks = self._ours(fresh, ("requested", *GIVEN_UP)) | self._ours(
            claimed, ("received", "accepted", "on-hold")
        )
        seen = Seen(since)
        failures = self._all(list(tasks.values())[:MOST_TASKS], seen)
        whole = len(tasks) <= MOST_TASKS and all(len(each) < MOST_PAGES for each in (fresh, claimed))
        if whole and not failures:
            seen.since = watermark(fresh[0].answered_at)
        return seen

    def _all(self, tasks: Sequence[Resource], seen: Seen) -> int:
        failures = 0
        for task in tasks:
            self.keep()
            try:
                with self.dial() as line:
                    came = self.errand(line).run(task)
                seen.came[came] = seen.came.get(came, 0) + 1
            except Undelivered as failure:
                seen.failure, failures = seen.failure or failure, failures + 1
            if failures == _MOST_FAILURES:
                break
        return failures

    def _ours(self, pages: Sequence[Page], statuses: Sequence[str]) -> dict[str, Resource]:
        found = (each for some in pages for each in some.resources if each["resourceType"] == "Task")
        return {
            each["id"]: each
            for each in found
            if each.get("status") in statuses and is_ours(each, self.polling.owner, self.destination.base)
        }
