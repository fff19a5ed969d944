"""Whom to ask: the whole directory in order, each with the reasons for its place (S4.1, S4.2, S2.6)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from server.model import Candidate, FirstRead, Looked, Needs, Policy, Specialist, Track
from server.routing.availability import free_spells
from server.routing.filters import failures, other_specialty
from server.routing.scoring import score
from server.routing.terms import UNSAID, Terms, terms_of


def match(
    specialists: Sequence[Specialist],
    *,
    first: FirstRead,
    policy: Policy,
    deadline: datetime,
    usual: timedelta,
    now: datetime,
    already: frozenset[str],
    seed: str,
    needs: Needs = UNSAID,
    tracks: Mapping[str, Track] | None = None,
    looked: Sequence[Looked] | None = (),
) -> tuple[Candidate, ...]:
    """Every specialist weighed for one case: those who may be asked, best first; then the others,
    nearest first, and last who reads something else.

    ``usual`` is how long an answer may take by the policy; ``already`` are the roles that were asked
    before; ``seed`` is recorded with the case, so that the order among equal scores can be replayed;
    ``tracks`` is what our own ledger knows of each role; ``looked`` who was shown an earlier opinion. Whoever
    failed a filter has no score, however good a match otherwise.
    """
    terms = terms_of(
        specialists,
        first=first,
        policy=policy,
        deadline=deadline,
        usual=usual,
        now=now,
        already=already,
        needs=needs,
        tracks=tracks,
        looked=looked,
    )
    fit, unfit, others = list[Candidate](), list[Candidate](), list[Candidate]()
    elsewhere = (other_specialty(terms.specialties),)
    for each in specialists:
        candidate = _weigh(each, terms, seed)
        (fit if not candidate.failed else others if candidate.failed == elsewhere else unfit).append(
            candidate
        )
    others.sort(key=lambda each: each.specialist.role)
    return (*sorted(fit, key=_place), *sorted(unfit, key=_nearness), *others)


def _weigh(specialist: Specialist, terms: Terms, seed: str) -> Candidate:
    spells = free_spells(specialist.away, terms.now, terms.deadline)
    failed = failures(specialist, terms, spells)
    if failed:
        return Candidate(specialist, failed, None, ())
    found = score(specialist, terms, spells)
    reasons = (*found.reasons, _lot(seed, specialist.role))
    return Candidate(specialist, (), found.total, reasons, found.confidence)


def _lot(seed: str, role: str) -> str:
    """What decides between equal scores: no one's place in the directory favours them."""
    digest = hashlib.sha256(f"{seed}\0{role}".encode()).hexdigest()
    return f"lot among equal scores {digest[:12]}"


def _place(candidate: Candidate) -> tuple[float, str]:
    """The score, then the lot (the last reason)."""
    return -(candidate.score or 0.0), candidate.reasons[-1]


def _nearness(candidate: Candidate) -> tuple[int, str]:
    return len(candidate.failed), candidate.specialist.role
