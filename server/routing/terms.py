"""The terms of one case: what every specialist of the directory is weighed against.

Worked out once for the whole directory, because independence is a property of people, not of
directory entries: a first reader who also works elsewhere is still the first reader there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.model import FirstRead, Policy, Specialist


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of a specialist for one case."""

    now: datetime
    deadline: datetime
    usual: timedelta
    """How long an answer takes of whom no turnaround is known: as long as the policy gives for it."""
    preference: Mapping[tuple[str, str], int]
    """(system, code) of a specialty -> its rank in the policy, 0 is the best."""
    specialties: tuple[str, ...]
    """Their names in the order of preference."""
    first_readers: frozenset[str]
    """Every name of whoever signed the first report: references, identifiers."""
    organisations: frozenset[str]
    """Every name of the organisations that a first reader works for, and of what those are part of."""
    asked: frozenset[str]
    """Every name of whoever was asked for this case before."""

    def rank(self, specialist: Specialist) -> int | None:
        """The best rank among the specialist's specialties; None: none is in the policy."""
        best: int | None = None
        for each in specialist.specialties:
            rank = self.preference.get((each.system, each.code))
            if rank is not None and (best is None or rank < best):
                best = rank
        return best


def terms_of(
    specialists: Sequence[Specialist],
    *,
    first: FirstRead,
    policy: Policy,
    deadline: datetime,
    usual: timedelta,
    now: datetime,
    already: frozenset[str],
) -> Terms:
    """The terms, completed by what the directory knows about the people concerned.

    A role leads to its person, an identifier to whoever has it, and a person to all organisations where the
    directory has them.
    """
    readers = _people(specialists, frozenset((*first.readers, *first.known_as)))
    homes = {place for each in specialists if each.names & readers for place in each.places}
    return Terms(
        now=now,
        deadline=deadline,
        usual=usual,
        preference={(each.system, each.code): rank for rank, each in enumerate(policy.specialties)},
        specialties=tuple(each.display for each in policy.specialties),
        first_readers=readers,
        organisations=frozenset(homes.union(first.organisations, first.homes) - {""}),
        asked=_people(specialists, already),
    )


def _people(specialists: Sequence[Specialist], named: frozenset[str]) -> frozenset[str]:
    """Every name of these people: who shares one name with them has all of them in common."""
    names, left = set(named) - {""}, list(specialists)
    while same := [each for each in left if each.names & names]:
        names |= {name for each in same for name in each.names}
        left = [each for each in left if each not in same]
    return frozenset(names)
