"""The score of a specialist who passed every filter (second-reading S4.2), with its sums in words.

Never in it: a fee, a name, how often this specialist sided with the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from server.model import Renown, Specialist
from server.routing.availability import Spell, done_at, free_time
from server.routing.pace import pace, pace_words, span
from server.routing.terms import Terms

HALF_VOLUME = 50
"""Cases of the question with which half of the points for volume are earned; each further one counts less."""
_NONE = Renown()


@dataclass(frozen=True, slots=True)
class Part:
    """Points, how they came about, and how many of them rest on what is known."""

    points: float
    words: str
    known: float


@dataclass(frozen=True, slots=True)
class Score:
    """The sum in [0, 1]; the reasons carry the numbers that add up to it."""

    total: float
    reasons: tuple[str, ...]
    confidence: float
    """The part of the sum that rests on what is known of the specialist, not on what is assumed."""


def score(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> Score:
    """``spells`` are the free times before the deadline; the specialist must have passed the filters."""
    weights = terms.rules.weights
    parts = [_specialty(weights.specialty, terms.rank(specialist) or 0, terms.specialties)]
    if weights.volume:
        parts.append(_volume(weights.volume, specialist, terms))
    parts.append(_speed(weights.speed, specialist, terms, spells))
    if weights.quality:
        parts.append(_quality(weights.quality, specialist, terms))
    parts.append(_load(weights.load, terms.track(specialist).open))
    # Four digits: what is printed is what is compared, and rounding noise decides no tie.
    return Score(
        round(sum([each.points for each in parts]), 4),
        tuple([each.words for each in parts]),
        round(sum([each.known for each in parts]), 4),
    )


@lru_cache
def _specialty(weight: float, rank: int, specialties: tuple[str, ...]) -> Part:
    """All for the first of the policy's specialties, falling evenly, never nothing."""
    count = len(specialties)
    return _part(weight, 1 - rank / count, f"{specialties[rank]}, choice {rank + 1} of {count}")


def _volume(weight: float, specialist: Specialist, terms: Terms) -> Part:
    """What the directory says of a year, and what was answered here."""
    stated, here = specialist.renown.get(terms.question, _NONE).per_year, terms.track(specialist).answered
    cases = stated + here
    words = f"cases of this question: {stated} a year by the directory, {here} answered here"
    return _part(weight, cases / (cases + HALF_VOLUME), words)


def _speed(weight: float, specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> Part:
    """By the share of the time that is left when the answer is due to come."""
    # Who has not been measured is taken to need half of the free time: neither praised nor punished.
    known = pace(specialist, terms)
    needed = free_time(spells) / 2 if known is None else known
    wait = (done_at(spells, needed) or terms.deadline) - terms.now
    whole = terms.deadline - terms.now
    words = pace_words(specialist, terms) or "turnaround not measured"
    words += f", done {span(wait)} from now, {span(whole)} until the deadline"
    return _part(weight, 1 - wait / whole, words, 0.0 if known is None else 1.0)


def _quality(weight: float, specialist: Specialist, terms: Terms) -> Part:
    """What was right of what was adjudicated, drawn towards all readers' share; the fewer, the more."""
    known, prior = specialist.renown.get(terms.question, _NONE), terms.quality
    words = f"{known.right} of {known.adjudicated} adjudicated reads right, all readers {prior.mean:.2f}"
    share = prior.share(known.right, known.adjudicated)
    return _part(weight, share, words, prior.own(known.adjudicated))


@lru_cache
def _load(weight: float, open_offers: int) -> Part:
    """All without open offers, then a half, a third, ..."""
    return _part(weight, 1 / (1 + open_offers), f"open offers {open_offers}")


def _part(weight: float, value: float, words: str, known: float = 1.0) -> Part:
    points = weight * value
    return Part(points, f"{words}: {value:.2f} x {weight:g}", points * known)
