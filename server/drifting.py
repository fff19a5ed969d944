"""After each resolved case: has what the model says moved, over all or on one device?

An alarm is told, or throws the switch: of the device whose alarm it is, else of the question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.changes import EVERYTHING, Act, Switch, device_in
from server.log import logger
from server.model import Card, DriftAct, DriftRule
from server.policies import Rulings, parsed
from server.routing.drift_figures import reason, told
from server.routing.drift_streams import Since, Stream, alarming, streams
from server.stopping import StopWatch
from server.store.drift import DriftStore
from server.wiring import House

RULE = "drift rule"
"""Who throws the switch then."""
_PART = 100
"""A look at 10,000 results takes a fifth of a second; looks take one hundredth of the time at the most."""
_FRESH = timedelta(minutes=10)
Key = tuple[str, DriftRule, int]
"""Model version, rule, and how often people have spoken of the switch."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look has found, which holds until so many results are there or a lot is shut or opened."""

    key: Key
    until: int
    shut: int
    """A check sum of whose question was open again."""
    at: datetime
    took: timedelta
    found: tuple[Stream, ...]

    def just_now(self, at: datetime) -> bool:
        """Whether to look again would take more than its part of the time; a clock set back hides nothing."""
        return timedelta() <= at - self.at < self.took * _PART

    def is_fresh(self, at: datetime) -> bool:
        """Whether what has been found may be told without another look, if nothing is known to have come."""
        return timedelta() <= at - self.at < _FRESH


@dataclass(frozen=True, slots=True)
class DriftWatch:
    """Looks at what is stored, so that it does not matter which process looks, nor how often.

    What it has seen last is kept: nothing new can be found before another lot is full.
    """

    cards: Mapping[str, Card]
    kept: Rulings
    store: DriftStore
    now: Callable[[], datetime]
    _looked: dict[str, Looked] = field(default_factory=dict)
    _told: set[tuple[object, ...]] = field(default_factory=set)

    def look(self, question: str) -> bool:
        """Whether a switch is thrown by this look."""
        rule = self.rule(question)
        found = self.alarms(question)
        if rule is None or not found:
            return False
        if rule.act is DriftAct.STOP:
            thrown = [self._throw(question, each) for each in found]
            return any(thrown)
        for each in found:
            self._tell(question, each)
        return False

    def look_at_all(self) -> None:
        """At the start: whoever resolved the last case may have died before the look."""
        for question in self.cards:
            self.look(question)

    def rule(self, question: str) -> DriftRule | None:
        """Of the policy in force."""
        counting = self.kept.changes.in_force(self.now()).get(question)
        return None if counting is None else parsed(counting.kept).drift

    def alarms(self, question: str) -> tuple[Stream, ...]:
        """The streams that alarm; none while two humans read every case of the question anyway."""
        if self.rule(question) is None or self.kept.switches.on(question) is not None:
            return ()
        return tuple(alarming(self.streams(question)))

    def streams(self, question: str) -> tuple[Stream, ...]:
        """All that is looked at of a question whose policy looks for drift."""
        rule, card = self.rule(question), self.cards.get(question)
        if rule is None or card is None:
            return ()
        words = self.kept.switches.words()
        key = (card.identity, rule, len(words))
        before = self._looked.get(question)
        began = self.now()
        if before is not None and before.key == key and self._is_enough(question, before, began):
            return before.found
        counted = self.store.counted(question, card.identity)
        found = tuple(streams(rule, counted.lots, _since(words, question)))
        until, at = counted.seen.results + counted.more, self.now()
        self._looked[question] = Looked(key, until, counted.seen.shut, at, at - began, found)
        return found

    def _is_enough(self, question: str, before: Looked, at: datetime) -> bool:
        """No lot can be full or open that was not; or it was looked a moment ago, in hundreds of thousands.

        Some minutes later it is looked again whatever came: a case may be resolved anew.
        """
        if before.just_now(at):
            return True
        seen = self.store.seen(question, before.key[0])
        return before.is_fresh(at) and seen.results < before.until and seen.shut == before.shut

    def _throw(self, question: str, of: Stream) -> bool:
        card, scope = self.cards[question].identity, of.scope or question
        text = f"{card}: {reason(of)}"
        figures = {"card": card, "question": question, **told(of)}
        thrown = self.kept.switches.throw(scope, RULE, text, self.now(), figures)
        if thrown:
            logger().error(
                "stopped by drift: two humans read every case of it",
                question=question,
                scope=scope,
                reason=text,
                by=RULE,
            )
        return thrown

    def _tell(self, question: str, of: Stream) -> None:
        """Once for each process that looks, until people have gone back; whatever day it is told of."""
        text = f"{self.cards[question].identity}: {reason(of)}"
        since, device = _since(self.kept.switches.words(), question), device_in(of.scope)
        back = since.question, None if device is None else since.of(device)
        for alarm in of.judged.alarms:
            sign = (question, self.cards[question].identity, of.scope, alarm.sign, back)
            if sign not in self._told:
                self._told.add(sign)
                logger().error(
                    "drift: what the model says has moved",
                    question=question,
                    scope=of.scope or question,
                    sign=alarm.sign,
                    since=alarm.since.isoformat(),
                    reason=text,
                )


@dataclass(frozen=True, slots=True)
class Watches:
    """All that looks after each resolved case: the stop rule first, for it may stop the question."""

    stop: StopWatch
    drift: DriftWatch

    def look(self, question: str) -> bool:
        """Whether a switch is thrown by this look."""
        stopped = self.stop.look(question)
        return self.drift.look(question) or stopped

    def look_at_all(self) -> None:
        """At the start."""
        self.stop.look_at_all()
        self.drift.look_at_all()


def _since(words: Sequence[Switch], question: str) -> Since:
    back = [each for each in words if each.act is Act.NORMAL]
    after = max((each.results for each in back if each.scope in (EVERYTHING, question)), default=0)
    standing = {each.scope: each for each in words}
    devices = ((device_in(each.scope), each) for each in back)
    doubled = (device_in(scope) for scope, word in standing.items() if word.on)
    return Since(
        after,
        tuple((kind, each.results) for kind, each in devices if kind is not None),
        tuple(kind for kind in doubled if kind is not None),
    )


def drift_watch(house: House, now: Callable[[], datetime]) -> DriftWatch:
    """Over the cards and the store of a house."""
    return DriftWatch(house.cards, house.rulings, DriftStore(house.database), now)


def alarms_of(watch: DriftWatch) -> Iterator[tuple[str, int]]:
    """(question, streams that alarm) of each question whose policy looks for drift."""
    for question in sorted(watch.cards):
        if watch.rule(question) is not None:
            yield question, len(watch.alarms(question))
