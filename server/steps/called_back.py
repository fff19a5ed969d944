"""What a specialist was shown in their second stage holds no longer: their blind answer counts."""

from __future__ import annotations

from server.arbitration import FinalEnd, FinalRead, Shown
from server.fhir.pens.correspondence import Standing
from server.fhir.task_states import ended
from server.fhir.terms import Reason
from server.model import OfferEnd, Referral
from server.steps.casefile import Moved
from server.steps.deciding import final_of
from server.steps.tasks import moved_task

_CALLED_OFF = Standing(
    "cancelled",
    None,
    "What was shown here no longer holds; the blind answer counts.",
    Reason.SHOWN_NO_LONGER,
)


def called_back(move: Moved) -> Moved:
    """What a specialist is shown, or has finalised upon, must not be used: their blind answer counts."""
    file = move.file
    shown, final = file.latest("shown", Shown), final_of(file)
    if shown is None or not _of(shown, file.referral) or (final is not None and final.read is None):
        return move
    move.lay_down("final-read", FinalRead(shown.offer, FinalEnd.CALLED_OFF, file.now))
    if not ended(file.resource(f"Task/{shown.task}")["status"]):
        move.write(moved_task(file, f"Task/{shown.task}", _CALLED_OFF))
    return move


def _of(shown: Shown, referral: Referral | None) -> bool:
    offer = referral.offer if referral else None
    return offer is not None and offer.number == shown.offer and offer.ended is OfferEnd.READ
