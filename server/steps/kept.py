"""REFERRED once more, after the first report was corrected: what a specialist was asked stays asked.

They read blind, so a new first report changes nothing of what they were shown; unless it makes them
the first reader's colleague, or asks about other values.
"""

from __future__ import annotations

from server.case import Event
from server.fhir.pens.correspondence import Standing
from server.fhir.terms import Business
from server.model import Offer, OfferEnd, Referral
from server.ports import Progress
from server.steps.casefile import CaseFile, Moved, held
from server.steps.letters import referral_letter, to_a_person
from server.steps.refer import independent
from server.steps.tasks import moved_task


def still_asked(file: CaseFile, referral: Referral) -> Progress | None:
    """OFFERED, ACCEPTED or BLIND_READ, wherever the specialist stands; None when somebody must be asked."""
    made = referral.offer
    if made is None or made.ended not in (None, OfferEnd.READ):
        return None
    sources = tuple(file.ai_read.sources)
    fit = (referral.evidence or sources) == sources and independent(file, referral, made.role)
    if made.ended is OfferEnd.READ:
        return _read(file, made, fit=fit)
    if not fit:
        return None
    accepted = made.accepted_at is not None
    standing = Standing(
        "in-progress", Business.SPECIALIST_ACCEPTED if accepted else Business.AWAITING_SPECIALIST
    )
    move = _offered(Moved(file), made)
    if writes := moved_task(file, f"Task/{file.case.task_id}", standing):
        move.write(writes).send(referral_letter(move, referral, standing))
    return move.at_once()  # they may have answered meanwhile


def _offered(move: Moved, made: Offer) -> Moved:
    move.note(Event.OFFERED, to=made.role, task=f"Task/{made.task}", kept=True)
    if made.accepted_at is not None:
        move.note(Event.OFFER_ACCEPTED, actor=made.role, answer_by=made.answer_by, kept=True)
    return move


def _read(file: CaseFile, made: Offer, *, fit: bool) -> Progress:
    """Signed already: the read stands, if it is still an independent one of the same values."""
    read = file.specialist_read
    if read is None or not fit:
        text = "since the first report was corrected, the specialist who has read is not independent of it, \
or has read other values"
        return to_a_person(held(file, text), "A person looks at the specialist's report.")
    move = _offered(Moved(file), made)
    move.note(
        Event.SPECIALIST_SIGNED,
        actor=made.role,
        sealed=True,
        report=read.report.versioned,
        digest=read.digest,
        answer=read.answer,
        kept=True,
    )
    return move.at_once()
