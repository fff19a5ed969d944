"""How long each stage of a case takes, and how often longer than the policy allows (second-reading 5).

Open cases belong into such a figure: without them what takes long is left out until it has ended. But most of
them are under seal, and how many are where can tell what a model said. So each stage was looked at:

- *Request to first read, and that to the comparison*: whoever signs does so whatever the sealed read says,
  and no referral has come of it yet. Open cases count, as waiting. Not so under a gatekeeper or concurrent
  reading: that a human is asked there, or takes time, may come from the model's answer.
- *Comparison to offer, to acceptance, to the blind and the final answer*: that a case is there at all tells
  that the model has differed, or an audit was drawn, with the probability that a referral gives away; and how
  many are there tells, beside how many are locked, at how many both agree. Only cases that the report counts.
- *Whole*: less the open ones before the first read, those of the whole would be the ones at specialists. The
  same, therefore: those that the report counts.
- *Result to delivery, and delivery to reading*: the result is out. Only those that the report counts, all the
  same, since others would tell how many have been resolved; those not delivered, or not read, are waiting.

So what is told of specialists' stages is of cases that have ended: while many are open it is too short, and
the report says so. A percentile is told where ten cases or more took longer, or wait longer, and as many did
not; times have two digits; of how many it is, is told in whole tens. So one stage less the next one is no
number below ten, and no time is one person's.

What ends a wait otherwise (a first read or an answer that ran out of time, a final answer that was declined,
a case that was resolved without one) is taken as what still lasts. So of the first read and of specialists'
stages the percentiles are times had nothing else ended the wait: by the median fewer than half of all were
through, where some never came to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.model import Course
from server.routing.interval import wilson
from server.routing.shares import MOST
from server.routing.stop import FEWEST
from server.routing.survival import Wait, quantile
from server.routing.told import FEW, HIDDEN
from server.states import Event

_OUT = (Event.DELIVERED, Event.DELIVERED_TO_READ)
_SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95}


@dataclass(frozen=True, slots=True)
class Stage:
    """From the first of one kind of event to the next one of another."""

    name: str
    start: tuple[Event, ...]
    end: tuple[Event, ...]
    broken_off: tuple[Event, ...] = ()
    """What ends the wait without what was waited for."""
    goes_on: bool = False
    """Without any of these it still lasts; else there is nothing to be told."""
    open_too: bool = False
    """Of cases, too, that nobody has compared yet."""
    late: Event | None = None
    """What happens where the policy's time is over."""


_SETTLED = (Event.RESOLVED,)
STAGES = (
    Stage(
        "firstRead",
        (Event.OPENED,),
        (Event.FIRST_READ_LOCKED,),
        (Event.TIME_RAN_OUT,),
        open_too=True,
        late=Event.TIME_RAN_OUT,
    ),
    Stage("comparison", (Event.FIRST_READ_LOCKED,), (Event.COMPARED,), open_too=True),
    Stage("offer", (Event.REFERRED,), (Event.OFFERED,), _SETTLED),
    Stage("acceptance", (Event.OFFERED,), (Event.OFFER_ACCEPTED,), _SETTLED, late=Event.OFFER_EXPIRED),
    Stage(
        "blindRead", (Event.OFFER_ACCEPTED,), (Event.SPECIALIST_SIGNED,), _SETTLED, late=Event.ANSWER_OVERDUE
    ),
    Stage(
        "finalRead",
        (Event.REVEALED,),
        (Event.FINAL_GIVEN,),
        (Event.FINAL_OVERDUE, Event.FINAL_DECLINED, Event.RESOLVED),
        late=Event.FINAL_OVERDUE,
    ),
    Stage("delivery", (Event.RESOLVED,), _OUT, goes_on=True),
    Stage("reading", (Event.DELIVERED_TO_READ,), (Event.RESULT_READ,), goes_on=True, late=Event.ESCALATED),
    Stage("whole", (Event.OPENED,), _OUT, goes_on=True),
    Stage(
        "contest",
        (Event.CONTESTED,),
        (Event.CONTEST_UPHELD, Event.CONTEST_CORRECTED),
        goes_on=True,
        late=Event.CONTEST_OVERDUE,
    ),
)
EVENTS = frozenset(
    each
    for stage in STAGES
    for each in (*stage.start, *stage.end, *stage.broken_off, *((stage.late,) if stage.late else ()))
)
DeliverFor = Callable[[str | None], timedelta | None]
"""How long the policy of a digest delivers."""


def turnaround(
    counted: Sequence[Course], before: Sequence[Course], now: datetime, deliver_for: DeliverFor
) -> dict[str, Any]:
    """``before``: never compared, and of a pathway under which that tells nothing of a model."""
    found: dict[str, Any] = {}
    for stage in STAGES:
        still = before if stage.open_too else ()
        courses = [*counted, *still]
        waits = [*_waits(stage, counted, now, stage.goes_on), *_waits(stage, still, now, goes_on=True)]
        found[stage.name] = {
            "casesAtLeast": tens(len(waits)),
            "waitingAtLeast": tens(sum(not ended for _, ended in waits)),
            **{name: _percentile(waits, each) for name, each in _SHARES.items()},
            "late": _late(stage, courses),
        }
    found["delivery"]["late"] = _undelivered(counted, now, deliver_for)
    sent = [each for each in counted if _first(each, (Event.DELIVERED_TO_READ,)) is not None]
    found["unread"] = rounded(sum(_first(e, (Event.RESULT_READ,)) is None for e in sent), len(sent))
    return found


def waits_of_groups(groups: Mapping[str, Sequence[Course]], now: datetime) -> list[dict[str, Any]]:
    """How long people of each group wait: for the first read, and over all."""
    stages = [stage for stage in STAGES if stage.name in ("firstRead", "whole")]
    found = []
    for name in sorted(groups, key=lambda each: (not each, each)):
        told: dict[str, Any] = {"group": [name], "casesAtLeast": tens(len(groups[name]))}
        for stage in stages:
            waits = _waits(stage, groups[name], now, stage.goes_on)
            told[stage.name] = {each: _percentile(waits, _SHARES[each]) for each in ("p50", "p90")}
        found.append(told)
    return found


def tens(count: int) -> int | str:
    """Rounded down, so that two of them leave open by how many they differ."""
    return count // FEWEST * FEWEST if count >= FEWEST else FEW


def rounded(count: int, of: int) -> dict[str, Any] | str:
    """A share in whole percent, of a number that is told in tens."""
    if of < FEWEST:
        return HIDDEN
    least = {"casesAtLeast": tens(of)}
    if count < FEWEST:
        return least | {"atMost": round(MOST / (of // FEWEST * FEWEST), 2)}
    if of - count < FEWEST:
        return least | {"atLeast": max(0.0, round(1 - MOST / (of // FEWEST * FEWEST), 2))}
    low, high = wilson(count, of)
    return least | {"share": round(count / of, 2), "low": round(low, 2), "high": round(high, 2)}


def _waits(stage: Stage, courses: Iterable[Course], now: datetime, goes_on: bool) -> list[Wait]:
    """Of each case one, in seconds; a clock that was set back makes none negative."""
    found = []
    for course in courses:
        start = _first(course, stage.start)
        if start is None:
            continue
        at, begun = start
        rest = course.steps[at + 1 :]
        end = next((each for each in rest if each[0] in (*stage.end, *stage.broken_off)), None)
        if end is not None:
            found.append((max(0.0, (end[1] - begun).total_seconds()), end[0] in stage.end))
        elif goes_on:
            found.append((max(0.0, (now - begun).total_seconds()), False))
    return found


def _first(course: Course, events: Sequence[Event]) -> tuple[int, datetime] | None:
    return next(((at, when) for at, (event, when) in enumerate(course.steps) if event in events), None)


def _percentile(waits: Sequence[Wait], share: float) -> float | str:
    """In seconds; as long as ten cases are on each side of it."""
    at = quantile(waits, share)
    if at is None:
        return HIDDEN
    longer = sum(each > at for each, _ in waits)
    return two_digits(at) if min(longer, len(waits) - longer) >= FEWEST else HIDDEN


def two_digits(seconds: float) -> float:
    """The first two that say anything."""
    if seconds <= 0:
        return 0.0
    return round(seconds, 1 - math.floor(math.log10(seconds)))


def _late(stage: Stage, courses: Iterable[Course]) -> dict[str, Any] | str | None:
    """None: the policy has no time for it."""
    if stage.late is None:
        return None
    begun = [each for each in courses if _first(each, stage.start) is not None]
    return rounded(sum(_first(each, (stage.late,)) is not None for each in begun), len(begun))


def _undelivered(
    counted: Iterable[Course], now: datetime, deliver_for: DeliverFor
) -> dict[str, Any] | str | None:
    """Delivered after the policy's time, or not yet and it is over."""
    late = of = 0
    for course in counted:
        limit, start = deliver_for(course.policy), _first(course, (Event.RESOLVED,))
        if limit is not None and start is not None:
            out = _first(course, _OUT)
            of += 1
            late += (now if out is None else out[1]) - start[1] > limit
    return rounded(late, of)
