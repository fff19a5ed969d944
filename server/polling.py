"""Looking at partners when they are due: claim one, look, write down how it went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.errors import Fault
from server.fhir.partner.errand import Came
from server.fhir.partner.visit import Seen, Visit
from server.log import logger
from server.model import Destination
from server.ports import LeaseLost
from server.routing.deadlines import retry_delay
from server.store.partners import Look, Partners
from server.worker import asked_to_wait, foreseen

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class PartnerWorker:
    """Looks at every partner that is polled."""

    partners: Partners
    polled: Mapping[str, Destination]
    visit: Callable[[Destination, Callable[[], None]], Visit]
    """From a partner, and how to keep its lease, to a look at it."""
    now: Now

    def once(self) -> bool:
        """Look at one partner that is due; False when none is."""
        look = self.partners.claim(tuple(self.polled), self.now())
        if look is None:
            return False
        try:
            self._look(look, self.polled[look.name])
        except LeaseLost:
            logger().warning("lease lost", partner=look.name)
        return True

    def _look(self, look: Look, destination: Destination) -> None:
        visit = self.visit(destination, lambda: self.partners.keep(look, self.now()))
        try:
            seen = foreseen(lambda: visit.look(look.since), partner=look.name)
        except Fault as failure:
            self._failed(look, visit, (0, 0), failure)
            return
        came = (seen.came.get(Came.TAKEN, 0), seen.came.get(Came.REFUSED, 0))
        if seen.failure is not None:
            self._failed(look, visit, came, seen.failure)
            return
        at = self.now()
        self.partners.looked(look, seen.since, came, at + visit.polling.every, at)
        _tell(look, seen)

    def _failed(self, look: Look, visit: Visit, came: tuple[int, int], failure: Fault) -> None:
        """Again with growing pauses: not before the partner asks for it, nor later than the usual look."""
        soon = min(retry_delay(look.failures + 1, look.name), visit.polling.every)
        wait = max(soon, asked_to_wait(failure), timedelta(seconds=1))
        logger().warning(
            "look at a partner failed",
            partner=look.name,
            failures=look.failures + 1,
            category=failure.category.value,
            reason=str(failure),
        )
        self.partners.failed(look, came, str(failure), self.now() + wait)


def _tell(look: Look, seen: Seen) -> None:
    if any(came is not Came.NOTHING for came in seen.came):
        counts = {str(came): count for came, count in seen.came.items() if came is not Came.NOTHING}
        logger().info("looked at a partner", partner=look.name, **counts)
