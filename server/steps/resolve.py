"""CONCORDANT, STANDS, BLIND_READ and FINAL_READ: what became of the first reader's answer."""

from __future__ import annotations

from server.case import Event, State
from server.model import OfferEnd, Referral, Result
from server.ports import Progress
from server.routing.comparison import Outcome, settle
from server.steps.casefile import CaseFile, Moved, held
from server.steps.deciding import decided_by, deciding_read
from server.steps.letters import recalled, to_a_person
from server.steps.whom import kind


def resolve(file: CaseFile) -> Progress:
    """RESOLVED with its outcome; what cannot be settled waits for a person.

    Both readers may agree only since the first report was corrected: a specialist who has signed by then
    counts, and whoever has not is called off.
    """
    referral, state = file.referral, file.case.position.state
    if state in (State.CONCORDANT, State.STANDS) and referral is not None and _signed(file, referral):
        text = "a specialist had signed before the first report was corrected"
        return Moved(file).note(Event.AUDIT_DRAWN, sealed=True, policy=True, reason=text).at_once()
    if state in (State.CONCORDANT, State.STANDS) and file.ruling != file.policy:
        text = "the switch was thrown: two humans read every case"
        return Moved(file).note(Event.AUDIT_DRAWN, sealed=True, policy=True, reason=text).at_once()
    read = deciding_read(file)
    stands = state is State.STANDS
    outcome = settle(file.comparison.first, file.ai_read.answer, read.answer if read else None, stands=stands)
    if outcome is Outcome.UNSETTLED:
        move = held(file, "the readers' answers do not settle the case")
        return to_a_person(move, "A person looks at it.")
    move = Moved(file).note(Event.RESOLVED, policy=True, outcome=outcome, decided_by=decided_by(file).code)
    move.lay_down("outcome", outcome)
    move.lay_down("result", _counted(file))
    if referral is not None:
        recalled(move, referral, OfferEnd.CORRECTED)
    return move.at_once()


def _counted(file: CaseFile) -> Result:
    found, ai, read = file.comparison, file.ai_read, deciding_read(file)
    return Result(
        card=ai.card,
        verdict=found.verdict,
        rule=found.rule,
        first=found.first,
        model=ai.answer,
        probability=ai.probability,
        silence=ai.silence,
        priority=file.task.get("priority", ""),
        final=read.answer if read else None,
        blind=file.specialist_read.answer if file.specialist_read else None,
        kind=kind(file),
    )


def _signed(file: CaseFile, referral: Referral) -> bool:
    """Whether the specialist who is asked has signed; the step that takes it in follows."""
    offer = referral.offer
    if offer is None or offer.ended not in (None, OfferEnd.READ):
        return False
    return offer.ended is OfferEnd.READ or file.resource(f"Task/{offer.task}")["status"] == "completed"
