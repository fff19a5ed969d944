"""Hard filters: what no score can make up for (second-reading S4.1). Each says its own sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from server.model import Qualification, Specialist, Spoken
from server.routing.availability import Spell, done_at, free_time
from server.routing.pace import pace, pace_words, span
from server.routing.terms import Terms, spoken

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
    return None if terms.rank(specialist) is not None else other_specialty(terms.specialties)


@lru_cache
def other_specialty(taken: tuple[str, ...]) -> str:
    """What is said of somebody who reads something else."""
    return f"has none of the specialties that the policy takes ({', '.join(taken)})"


def _credential(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    """Practitioner.qualification.code, valid until the answer is due; not said is not held."""
    del spells
    if not terms.credentials:
        return None
    for each in specialist.qualifications:
        for code in each.codes:
            if (code.system, code.code) in terms.credentials and _valid(each, terms):
                return None
    names = ", ".join(each.display for each in terms.rules.credentials)
    return f"has no valid qualification of those that the policy demands ({names})"


def _licence(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    del spells
    if not terms.rules.licence:
        return None
    if not terms.places:
        return "cannot be shown to be licensed: where the patient lives is not known"
    for each in specialist.qualifications:
        if not each.places.isdisjoint(terms.places) and _valid(each, terms):
            return None
    return "has no valid licence where the patient lives"


def _valid(qualification: Qualification, terms: Terms) -> bool:
    start, end = qualification.valid.start, qualification.valid.end
    return (start is None or start <= terms.now) and (end is None or end >= terms.deadline)


def _language(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    del spells
    demanded = terms.rules.language
    if demanded is Spoken.ANY:
        return None
    if not terms.languages:
        return "cannot be shown to know the patient's language: it is not known"
    if not spoken(specialist.languages).isdisjoint(terms.languages):
        return None
    if demanded is Spoken.SPECIALIST:
        return "is not known to speak the patient's language"
    if not spoken(specialist.service_languages).isdisjoint(terms.languages):
        return None
    return "is not known to speak the patient's language, nor to work with an interpreter of it"


def _other_person(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    del spells
    if specialist.is_one_of(terms.first_readers):
        return "is the first reader"
    return None


def _other_organisation(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    """Unknown is not independent: the label is refused when it cannot be shown (S5.4)."""
    del spells
    if not (specialist.organisation or specialist.homes):
        return "cannot be shown to be independent: the directory names no organisation"
    if terms.nobody:
        return None
    if not terms.organisations:
        return "cannot be shown to be independent: the first report's organisation is not known"
    if specialist.organisation in terms.organisations or not specialist.homes.isdisjoint(terms.organisations):
        return "works for the first reader's organisation"
    return None


def _other_line(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    """S2.6, S5.4: a known superior always counts, an unknown one where the policy demands it."""
    del spells
    if terms.line and not specialist.is_one_of(terms.first_readers) and specialist.is_one_of(terms.line):
        return "is in the first reader's reporting line"
    if not terms.rules.reporting_line or terms.nobody:
        return None
    if not specialist.line_known:
        return "cannot be shown to be independent: the directory does not say to whom they report"
    if not terms.line_known:
        return "cannot be shown to be independent: to whom the first reader reports is not known"
    return None


def _not_looked(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    """S5.4: no sight of an earlier opinion; what is not known is told with the result, and bars nobody."""
    del spells
    if any(each.found for each in terms.shown(specialist)):
        return "was shown an earlier opinion: a system that speaks for them has read it"
    return None


def _under_cap(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    del spells
    cap, count = terms.rules.most_open, terms.track(specialist).open
    if cap is None or count < cap:
        return None
    return f"has {count} open offers, and the policy's cap is {cap}"


def _not_asked(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    del spells
    if specialist.is_one_of(terms.asked):
        return "was already asked for this case"
    return None


def _present(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    if spells or _in_role(specialist, terms, spells) is not None:
        return None
    return "is absent until the deadline" if terms.now < terms.deadline else "the deadline has passed"


def _in_time(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> str | None:
    if not spells:
        return None
    needed = pace(specialist, terms) or terms.usual
    if done_at(spells, needed) is not None:
        return None
    said = pace_words(specialist, terms) or f"states no turnaround, and the policy counts on {span(needed)}"
    return f"{said}, and {span(free_time(spells))} are free before the deadline"


FILTERS: tuple[Filter, ...] = (
    _active,
    _active_organisation,
    _in_role,
    _specialty,
    _credential,
    _licence,
    _language,
    _other_person,
    _other_organisation,
    _other_line,
    _not_looked,
    _under_cap,
    _not_asked,
    _present,
    _in_time,
)
"""All are asked, so that the record shows every obstacle; but who reads something else is told that alone."""


INDEPENDENCE: tuple[Filter, ...] = (_other_person, _other_organisation, _other_line)


def dependence(specialist: Specialist, terms: Terms) -> tuple[str, ...]:
    """Why the specialist is not independent of the first reader; empty: they are."""
    sentences = [check(specialist, terms, ()) for check in INDEPENDENCE]
    return tuple([sentence for sentence in sentences if sentence is not None])


def failures(specialist: Specialist, terms: Terms, spells: Sequence[Spell]) -> tuple[str, ...]:
    """The sentences of all filters that the specialist fails; empty: may be asked.

    ``spells`` are the specialist's free times from now to the deadline.
    """
    if terms.rank(specialist) is None:
        return (other_specialty(terms.specialties),)
    return tuple([said for check in FILTERS if (said := check(specialist, terms, spells)) is not None])
