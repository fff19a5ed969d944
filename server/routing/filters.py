"""Hard filters: what no score can make up for (second-reading S4.1). Each says its own sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache

from server.model import Specialist
from server.routing.availability import Spell, done_at, free_time
from server.routing.terms import Terms

Filter = Callable[[Specialist, Terms, Sequence[Spell]], str | None]
"""None: passed; else why not."""


def _active(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    del terms, spells
    return None if specialist.active else "is not active in the directory"


def _active_organisation(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    del terms, spells
    if specialist.organisation_active:
        return None
    return "works for an organisation that is not active in the directory"


def _in_role(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    """By PractitionerRole.period; one that begins or ends before the deadline only shortens the free time."""
    del spells
    if specialist.until is not None and specialist.until <= terms.now:
        return "no longer works in this role: its period has ended"
    if specialist.since is not None and terms.now < terms.deadline <= specialist.since:
        return "does not work in this role before the deadline: its period begins later"
    return None


def _specialty(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    del spells
    if terms.rank(specialist) is not None:
        return None
    return f"has none of the specialties that the policy takes ({', '.join(terms.specialties)})"


def _other_person(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    del spells
    if specialist.names & terms.first_readers:
        return "is the first reader"
    return None


def _other_organisation(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    """Unknown is not independent: the label is refused when it cannot be shown (S5.4)."""
    del spells
    if not specialist.places:
        return "cannot be shown to be independent: the directory names no organisation"
    if not terms.organisations:
        return "cannot be shown to be independent: the first report's organisation is not known"
    if specialist.places & terms.organisations:
        return "works for the first reader's organisation"
    return None


def _not_asked(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    del spells
    if specialist.names & terms.asked:
        return "was already asked for this case"
    return None


def _present(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    if spells or _in_role(specialist, terms, spells) is not None:
        return None
    return "is absent until the deadline" if terms.now < terms.deadline else "the deadline has passed"


def _in_time(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    needed = specialist.turnaround or terms.usual
    if not spells or done_at(spells, needed) is not None:
        return None
    said = "usually needs" if specialist.turnaround else "states no turnaround, and the policy counts on"
    return f"{said} {span(needed)}, and {span(free_time(spells))} are free before the deadline"


FILTERS: tuple[Filter, ...] = (
    _active,
    _active_organisation,
    _in_role,
    _specialty,
    _other_person,
    _other_organisation,
    _not_asked,
    _present,
    _in_time,
)
"""All are asked, so that the record shows every obstacle, not only the first."""


def dependence(specialist: Specialist, terms: Terms) -> tuple[str, ...]:
    """Why the specialist is not independent of the first reader; empty: they are."""
    sentences = [check(specialist, terms, ()) for check in (_other_person, _other_organisation)]
    return tuple([sentence for sentence in sentences if sentence is not None])


def failures(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> tuple[str, ...]:
    """The sentences of all filters that the specialist fails; empty: may be asked.

    ``spells`` are the specialist's free times from now to the deadline.
    """
    sentences = [check(specialist, terms, spells) for check in FILTERS]
    return tuple([sentence for sentence in sentences if sentence is not None])


@lru_cache(maxsize=1024)
def span(time: timedelta) -> str:
    """A time span in words: ``45 min``, ``1 h 30 min``, ``72 h``."""
    hours, minutes = divmod(int(time.total_seconds()) // 60, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
