"""The terms of one case: what every specialist of the directory is weighed against.

Worked out once for the whole directory, because independence is a property of people, not of
directory entries: a first reader who also works elsewhere is still the first reader there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from server.model import FirstRead, Looked, Matching, Needs, Policy, Specialist, Track
from server.routing.shrinking import Prior, prior_of

NOTHING = Track()
"""Of whom our own ledger knows nothing."""
UNSAID = Needs()


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of a specialist for one case."""

    question: str
    rules: Matching
    now: datetime
    deadline: datetime
    usual: timedelta
    """How long an answer takes of whom no turnaround is known: as long as the policy gives for it."""
    preference: Mapping[tuple[str, str], int]
    """(system, code) of a specialty -> its rank in the policy, 0 is the best."""
    specialties: tuple[str, ...]
    """Their names in the order of preference."""
    credentials: frozenset[tuple[str, str]]
    """(system, code) of the qualifications of which one is demanded."""
    first_readers: frozenset[str]
    """Every name of whoever signed the first report: references, identifiers."""
    organisations: frozenset[str]
    """Every name of the organisations that a first reader works for, and of what those are part of."""
    line: frozenset[str]
    """Every name of those who are above or below a first reader, or have a superior in common with one."""
    line_known: bool
    """Whether the directory says to whom each first reader reports."""
    asked: frozenset[str]
    """Every name of whoever was asked for this case before."""
    languages: frozenset[str]
    """Of the patient, without script and region."""
    places: frozenset[str]
    """Where the patient lives."""
    tracks: Mapping[str, Track]
    """By role, what our own ledger knows."""
    quality: Prior
    """What the directory's readers get right of this question."""
    looked: tuple[Looked, ...] | None = ()
    """Who was shown an earlier opinion, of an assessment; None: it cannot be known."""

    @property
    def nobody(self) -> bool:
        """Nobody has signed anything: there is nobody to be independent of."""
        return not (self.first_readers or self.organisations)

    def rank(self, specialist: Specialist) -> int | None:
        """The best rank among the specialist's specialties; None: none is in the policy."""
        best: int | None = None
        for each in specialist.specialties:
            rank = self.preference.get((each.system, each.code))
            if rank is not None and (best is None or rank < best):
                best = rank
        return best

    def shown(self, specialist: Specialist) -> list[Looked]:
        """Of those who were shown an earlier opinion, whoever speaks for this specialist or their house."""
        if not self.looked:
            return []
        theirs = specialist.names | specialist.places
        return [each for each in self.looked if not each.speaks_for.isdisjoint(theirs)]

    def track(self, specialist: Specialist) -> Track:
        return self.tracks.get(specialist.role, NOTHING)


def terms_of(
    specialists: Sequence[Specialist],
    *,
    first: FirstRead,
    policy: Policy,
    deadline: datetime,
    usual: timedelta,
    now: datetime,
    already: frozenset[str],
    needs: Needs = UNSAID,
    tracks: Mapping[str, Track] | None = None,
    looked: Sequence[Looked] | None = (),
) -> Terms:
    """The terms, completed by what the directory knows about the people concerned.

    A role leads to its person, an identifier to whoever has it, and a person to all organisations where the
    directory has them.
    """
    signed, readers = _people(specialists, frozenset((*first.readers, *first.known_as)))
    homes = {place for each in signed for place in each.places}
    return Terms(
        question=policy.question,
        rules=policy.matching,
        now=now,
        deadline=deadline,
        usual=usual,
        preference={(each.system, each.code): rank for rank, each in enumerate(policy.specialties)},
        specialties=tuple(each.display for each in policy.specialties),
        credentials=frozenset((each.system, each.code) for each in policy.matching.credentials),
        first_readers=readers,
        organisations=frozenset(homes.union(first.organisations, first.homes) - {""}),
        line=_line(specialists, readers),
        line_known=_line_known(specialists, signed, first.readers),
        asked=_people(specialists, already)[1],
        languages=spoken(frozenset(needs.languages)),
        places=needs.places,
        tracks=tracks or {},
        looked=None if looked is None else tuple(looked),
        quality=prior_of(
            [
                (known.right, known.adjudicated)
                for each in specialists
                if (known := each.renown.get(policy.question))
            ]
        ),
    )


@lru_cache(maxsize=4096)
def spoken(languages: frozenset[str]) -> frozenset[str]:
    """Languages by their primary subtag (BCP 47): Swiss French is French to a reader of reports."""
    return frozenset(each.partition("-")[0].lower() for each in languages)


def _people(
    specialists: Sequence[Specialist], named: frozenset[str]
) -> tuple[list[Specialist], frozenset[str]]:
    """These people's entries, and every name of theirs: who shares one name with them has all in common."""
    names, entries, grown = set(named) - {""}, list[Specialist](), bool(named)
    while grown:
        entries = [each for each in specialists if each.is_one_of(names)]
        before = len(names)
        names.update(name for each in entries for name in each.names)
        grown = len(names) > before
    return entries, frozenset(names)


def _line_known(
    specialists: Sequence[Specialist], signed: Sequence[Specialist], readers: Sequence[str]
) -> bool:
    """Of every one of them: an unknown superior may be the specialist."""
    told = frozenset(name for each in signed if each.line_known for name in each.names)
    known = _people(specialists, told)[1] if told else told
    return bool(readers) and known.issuperset(readers)


def _line(specialists: Sequence[Specialist], readers: frozenset[str]) -> frozenset[str]:
    """First everybody above the readers, then everybody below those (S5.4: a different reporting line)."""
    led = [each for each in specialists if each.superiors]
    names = set(readers) if led else set[str]()
    grown = bool(names)
    while grown:
        before = len(names)
        names.update(name for each in led if each.is_one_of(names) for name in each.superiors)
        grown = len(names) > before
    grown = bool(names)
    while grown:
        before = len(names)
        names.update(name for each in led if not each.superiors.isdisjoint(names) for name in each.names)
        grown = len(names) > before
    return frozenset(names)
