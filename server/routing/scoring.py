"""The score of a specialist who passed every filter (second-reading S4.2), with its sums in words.

Never in it: a fee, a name, how often this specialist sided with the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from server.model import Specialist
from server.routing.availability import Spell, done_at, free_time
from server.routing.filters import span
from server.routing.terms import Terms

SPECIALTY_WEIGHT = 0.5
SPEED_WEIGHT = 0.3
LOAD_WEIGHT = 0.2
"""Fit before speed, because the deadline filter has already refused whoever is too slow."""

Part = tuple[float, str]
"""Points, and how they came about."""


def score(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> tuple[float, tuple[str, ...]]:
    """(score in [0, 1], reasons). The reasons carry the numbers that add up to the score.

    ``spells`` are the free times before the deadline; the specialist must have passed the filters.
    """
    fit, why_fit = _specialty(terms.rank(specialist) or 0, terms.specialties)
    speed, why_speed = _speed(specialist, terms, spells)
    load, why_load = _load(specialist.open_offers)
    # Four digits: what is printed is what is compared, and rounding noise decides no tie.
    return round(fit + speed + load, 4), (why_fit, why_speed, why_load)


@lru_cache
def _specialty(rank: int, specialties: tuple[str, ...]) -> Part:
    """All for the first of the policy's specialties, falling evenly, never nothing."""
    count = len(specialties)
    return _part(SPECIALTY_WEIGHT, 1 - rank / count, f"{specialties[rank]}, choice {rank + 1} of {count}")


def _speed(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> Part:
    """By the share of the time that is left when the answer is due to come."""
    # Who has not been measured is taken to need half of the free time: neither praised nor punished.
    measured = specialist.turnaround
    needed = free_time(spells) / 2 if measured is None else measured
    wait = (done_at(spells, needed) or terms.deadline) - terms.now
    whole = terms.deadline - terms.now
    words = "turnaround not measured" if measured is None else f"usually needs {span(measured)}"
    words += f", done {span(wait)} from now, {span(whole)} until the deadline"
    return _part(SPEED_WEIGHT, 1 - wait / whole, words)


@lru_cache
def _load(open_offers: int) -> Part:
    """All without open offers, then a half, a third, ..."""
    return _part(LOAD_WEIGHT, 1 / (1 + open_offers), f"open offers {open_offers}")


def _part(weight: float, value: float, words: str) -> Part:
    return weight * value, f"{words}: {value:.2f} x {weight}"
