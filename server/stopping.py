"""After each resolved case: does the stop rule of its question's policy let two humans read everything?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from server.changes import EVERYTHING, Act
from server.log import logger
from server.model import Card
from server.policies import Rulings, parsed
from server.routing.stop import Counted, Left, left

RULE = "stop rule"
"""Who throws the switch then."""


@dataclass(frozen=True, slots=True)
class StopWatch:
    """Looks at what is stored, so that it does not matter which process looks, nor how often."""

    cards: Mapping[str, Card]
    kept: Rulings
    now: Callable[[], datetime]

    def look(self, question: str) -> bool:
        """Whether the switch is thrown by this look.

        Counted are results of the present model version, those only that came since people went back last.
        """
        at = self.now()
        counting, card = self.kept.changes.in_force(at).get(question), self.cards.get(question)
        rule = None if counting is None else parsed(counting.kept).stop
        if rule is None or card is None or self.kept.switches.on(question) is not None:
            return False
        words = self.kept.switches.standing()
        last = [words[scope] for scope in (EVERYTHING, question) if scope in words]
        after = max((each.results for each in last if each.act is Act.NORMAL), default=0)
        tally = self.kept.results.tally(question, card.identity, at - rule.window, after)
        found = left(rule, Counted(**asdict(tally)))
        return bool(found) and self._throw(question, card, found, at)

    def look_at_all(self) -> None:
        """At the start: whoever resolved the last case may have died before the look."""
        for question in self.cards:
            self.look(question)

    def _throw(self, question: str, card: Card, found: tuple[Left, ...], at: datetime) -> bool:
        reason = f"{card.identity}: {'; '.join(each.sentence for each in found)}"
        figures = {"card": card.identity, "left": [asdict(each) for each in found]}
        thrown = self.kept.switches.throw(question, RULE, reason, at, figures)
        if thrown:
            logger().error(
                "stopped by rule: two humans read every case", question=question, reason=reason, by=RULE
            )
        return thrown
