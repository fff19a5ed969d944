"""AUDIT, CONFIRMATION, DISCORDANT, DECLINED, NOT_COMPARABLE: find the specialists who may be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from server.case import Event, State
from server.fhir.needs import needs
from server.fhir.pens.correspondence import mint
from server.model import Candidate, Clock, Referral, Urgency
from server.ports import Progress
from server.routing.deadlines import referral_deadline
from server.routing.filters import dependence
from server.routing.matching import match
from server.routing.terms import terms_of
from server.steps.assessment import looked_before, opinions_before
from server.steps.casefile import CaseFile, Moved, held
from server.steps.letters import to_a_person


def refer(file: CaseFile) -> Progress:
    """Make the referral; the first offer follows at once. One that was made already stays."""
    reason = _reason(file)
    urgency = file.policy.urgency[reason]
    referral = file.referral
    if referral is None:
        deadline = referral_deadline(file.now, clock_of(file, urgency), file.case.due_by)
        if deadline is None:
            text = "the requested date has passed; no specialist can be asked in time"
            return to_a_person(held(file, text), "No time is left to ask a specialist.")
        referral = _made(file, reason, urgency, deadline)
    move = Moved(file).note(Event.REFERRED, sealed=True, policy=True, reason=reason)
    return move.lay_down("referral", replace(referral, reason=reason, urgency=urgency)).at_once()


def _made(file: CaseFile, reason: str, urgency: Urgency, deadline: datetime) -> Referral:
    return Referral(
        reason=reason,
        urgency=urgency,
        service_request=str(mint(file.case.id, "referral")),
        deadline=deadline,
        candidates=(),
        evidence=file.ai_read.sources,
    )


def weigh_directory(file: CaseFile, referral: Referral) -> tuple[Candidate, ...]:
    """Everyone in the directory, weighed now; whoever was asked before is not asked again."""
    return match(
        file.tools.roster(),
        first=opinions_before(file),
        policy=file.policy,
        deadline=referral.deadline,
        usual=clock_of(file, referral.urgency).answer_within,
        now=file.now,
        already=frozenset(offer.role for offer in referral.offers),
        seed=file.case.id,
        needs=needs(file.resource(file.case.patient), file.now),
        tracks=file.tools.files.tracks(file.case.question, file.now),
        looked=looked_before(file),
    )


def independent(file: CaseFile, referral: Referral, role: str) -> bool:
    """Whether a specialist who was asked is still independent of who signed the first report now."""
    directory = file.tools.roster()
    terms = terms_of(
        directory,
        first=opinions_before(file),
        policy=file.policy,
        deadline=referral.deadline,
        usual=clock_of(file, referral.urgency).answer_within,
        now=file.now,
        already=frozenset(),
    )
    return any(each.role == role and not dependence(each, terms) for each in directory)


def clock_of(file: CaseFile, urgency: Urgency) -> Clock:
    """The clock of an urgency; the policy file is checked to have one."""
    return file.policy.clocks[urgency]


def _reason(file: CaseFile) -> str:
    """By which word the policy's urgency table knows why a specialist is asked."""
    state = file.case.position.state
    found = file.comparison.discordance
    if state is State.DISCORDANT and found is not None:
        return found.value
    return state.value
