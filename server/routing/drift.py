"""Has what the model says moved from what it said at first? (second-reading 5, row Drift; S2.9)

Of one question, one model version and one stream, all devices together or one with its software: two
cumulated sums (answers that are present, and the score), each up and down, the discordance of each week, and
the PSI.

The shipped numbers (a baseline of 1,000 results; ``ratio`` 3, ``limit`` 10, ``shift`` 0.5, ``score_limit``
18) are chosen so that a share of present that goes from 5 % to 15 % because scores have moved as a whole
alarms within 100 results, one week's at a site of that size. By simulation (2,000 runs;
``tests/routing/test_drift.py`` holds it with fewer):

- Such a step alarms within 100 results in 96 of 100 runs, what lots of the store cost included; half of the
  runs alarm within 54. Where 20 % become 60 %, 95 of 100 alarm within 42.
- Where the answers alone say so, scores of all other cases staying as they were, half of the runs alarm
  within 130 results and 95 of 100 within 280. Nothing does much better: 100 answers that are present in 5 %
  reach what 95 of 100 samples of 15 % reach once in 36 samples, which would be more than one false alarm a
  year.
- Unchanged data of 5,200 results (100 a week for a year) alarm by the sums in 17 of 100 streams, 13 of them
  by scores and 5 by answers; the average run length of both together is some 28,000 results. A week's
  discordance leaves its limits in 7 to 11 of 100 streams a year, two weeks running in fewer than 1: that is
  the alarm.
- The PSI alarms from ``ACT`` on of ``ENOUGH`` scores or more: chance alone makes it 0.05 there, never 0.25.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby, pairwise

from server.model import Answered, DriftRule
from server.routing.drift_charts import Climb, climb, limits, scale, smoothed, stability, weights
from server.routing.stop import FEWEST

WATCH, ACT = 0.1, 0.25
"""Of the PSI; a convention (second-reading 5)."""
ENOUGH = 200
"""Of fewer scores chance alone makes half of ``WATCH``."""


class Sign(StrEnum):
    """By what drift shows."""

    MORE = "more answers are present"
    FEWER = "fewer answers are present"
    HIGHER = "scores are higher"
    LOWER = "scores are lower"
    DISCORDANCE = "discordance is outside its limits for two weeks running"
    SPREAD = "scores are spread otherwise"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A sign, and since which day it is there.

    It stays until people have gone back to normal; that of the PSI, which is of the latest results, as long
    as they show it.
    """

    sign: Sign
    since: date


@dataclass(frozen=True, slots=True)
class Week:
    """What first readers and model differed in, of results of one week from Monday on (UTC)."""

    monday: date
    discordant: int
    of: int
    low: int
    high: int
    over: bool
    """Results of a later week are there."""
    share: float
    """Of the baseline, around which the limits are."""

    @property
    def side(self) -> int:
        """Above its limits 1, below them -1, within 0."""
        return (self.discordant > self.high) - (self.discordant < self.low)


@dataclass(frozen=True, slots=True)
class Sums:
    """Of answers, or of scores."""

    up: Climb
    down: Climb


@dataclass(frozen=True, slots=True)
class Judged:
    """One stream, held against its baseline."""

    base: tuple[int, int]
    """Of the baseline: present, and how many."""
    now: tuple[int, int]
    present: Sums | None = None
    """None: there is nothing yet to hold it against."""
    score: Sums | None = None
    scores: tuple[float, float] | None = None
    """Mean of the baseline and of those judged."""
    weeks: tuple[Week, ...] = ()
    psi: float | None = None
    alarms: tuple[Alarm, ...] = ()


def judge(
    rule: DriftRule, base: Sequence[Answered], rows: Sequence[Answered], every: Sequence[Answered]
) -> Judged:
    """``rows`` against ``base``; against a share that the policy states ``every`` answer of the stream.

    A baseline that is not full is none. Of fewer than ten results nothing alarms: it would be about single
    ones.
    """
    full = len(base) >= rule.baseline
    known = rule.share is not None
    judged = every if known else rows
    present = _answers(rule, base, judged) if full or known else None
    scored = _scores(rule, base, rows) if full else None
    weeks = _weeks(base, rows) if full else ()
    psi = _psi(rule, base, rows) if full else None
    found = Judged(
        (_present(base), len(base)),
        (_present(judged), len(judged)),
        present,
        scored,
        _means(base, rows) if full else None,
        weeks,
        psi,
    )
    return replace(found, alarms=tuple(_alarms(found, judged, rows)))


def _present(rows: Iterable[Answered]) -> int:
    return sum(each.present for each in rows)


def _answers(rule: DriftRule, base: Sequence[Answered], rows: Sequence[Answered]) -> Sums:
    share = smoothed(_present(base), len(base)) if rule.share is None else rule.share
    return Sums(*(_of_answers(share, ratio, rule.limit, rows) for ratio in (rule.ratio, 1 / rule.ratio)))


def _of_answers(share: float, ratio: float, limit: float, rows: Sequence[Answered]) -> Climb:
    present, absent = weights(share, ratio)
    return climb((present if each.present else absent for each in rows), limit)


def _scored(rows: Iterable[Answered]) -> list[float]:
    return [each.score for each in rows if each.score is not None]


def _scores(rule: DriftRule, base: Sequence[Answered], rows: Sequence[Answered]) -> Sums | None:
    """Half of the shift that is to be found is what each step may have for nothing."""
    before = sorted(_scored(base))
    if len(before) < FEWEST:
        return None
    standard = scale(before)
    moved = [0.0 if each.score is None else standard(each.score) for each in rows]
    free = rule.shift / 2
    up = climb((each - free for each in moved), rule.score_limit)
    return Sums(up, climb((-each - free for each in moved), rule.score_limit))


def _means(base: Sequence[Answered], rows: Sequence[Answered]) -> tuple[float, float] | None:
    before, now = _scored(base), _scored(rows)
    if min(len(before), len(now)) < FEWEST:
        return None
    return sum(before) / len(before), sum(now) / len(now)


def _weeks(base: Sequence[Answered], rows: Sequence[Answered]) -> tuple[Week, ...]:
    compared = [each.discordant for each in base if each.discordant is not None]
    if len(compared) < FEWEST:
        return ()
    share = smoothed(sum(compared), len(compared))
    by_monday = {
        monday: [each.discordant for each in of if each.discordant is not None]
        for monday, of in groupby(sorted(rows, key=_monday), key=_monday)
    }
    latest = max(by_monday, default=None)
    return tuple(
        Week(monday, sum(of), len(of), *limits(share, len(of)), over=monday != latest, share=share)
        for monday, of in by_monday.items()
    )


def _monday(row: Answered) -> date:
    day = row.at.date()
    return day - timedelta(days=day.weekday())


def _psi(rule: DriftRule, base: Sequence[Answered], rows: Sequence[Answered]) -> float | None:
    """Of the latest, as many as the baseline has at the most."""
    before, now = sorted(_scored(base)), _scored(rows[-rule.baseline :])
    return None if min(len(before), len(now)) < ENOUGH else stability(before, now)


def _alarms(found: Judged, judged: Sequence[Answered], rows: Sequence[Answered]) -> Iterator[Alarm]:
    if found.present is not None and len(judged) >= FEWEST:
        yield from _crossed(found.present, (Sign.MORE, Sign.FEWER), judged)
    if len(rows) < FEWEST:
        return
    if found.score is not None:
        yield from _crossed(found.score, (Sign.HIGHER, Sign.LOWER), rows)
    over = [each for each in found.weeks if each.over and each.of >= FEWEST]
    twice = (b for a, b in pairwise(over) if a.side * b.side > 0)
    if (left := next(twice, None)) is not None:
        yield Alarm(Sign.DISCORDANCE, left.monday)
    if found.psi is not None and found.psi >= ACT:
        yield Alarm(Sign.SPREAD, rows[-1].at.date())


def _crossed(sums: Sums, signs: tuple[Sign, Sign], rows: Sequence[Answered]) -> Iterator[Alarm]:
    for sign, side in zip(signs, (sums.up, sums.down), strict=True):
        if side.crossed is not None:
            yield Alarm(sign, rows[side.crossed].at.date())
