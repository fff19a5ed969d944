"""Whose answer a case ends with, and how that is told."""

from __future__ import annotations

from server.arbitration import Decider, FinalEnd, FinalRead, Kept
from server.fhir.terms import DECIDED_BY
from server.model import Coding, SpecialistRead, Verdict
from server.steps.casefile import CaseFile

_DISPLAY = {
    Decider.FIRST_READER: "First reader",
    Decider.SPECIALIST: "Specialist",
    Decider.BLIND_ANSWER: "Specialist's blind answer",
    Decider.PHYSICIAN_IN_CHARGE: "Physician in charge",
    Decider.GATEKEEPER_POLICY: "Gatekeeper's policy",
}
INSTEAD = {
    FinalEnd.OVERDUE: "no final answer came in time",
    FinalEnd.DECLINED: "the specialist gave no final answer",
    FinalEnd.CALLED_OFF: "what was shown for the final answer no longer held",
}


def final_of(file: CaseFile) -> FinalRead | None:
    """What the second stage of the specialist who has read came to; None where there was none."""
    offer = file.referral.offer if file.referral else None
    found = file.latest("final-read", FinalRead)
    return found if found is not None and offer is not None and found.offer == offer.number else None


def deciding_read(file: CaseFile) -> SpecialistRead | None:
    """The specialist's answer that counts."""
    final = final_of(file)
    return file.specialist_read if final is None or final.read is None else final.read


def decider(file: CaseFile) -> Decider:
    if file.latest("kept", Kept) is not None:
        return Decider.PHYSICIAN_IN_CHARGE
    if file.specialist_read is None:
        unread = file.comparison.verdict is Verdict.RULED_OUT
        return Decider.GATEKEEPER_POLICY if unread else Decider.FIRST_READER
    final = final_of(file)
    return Decider.SPECIALIST if final is None or final.end is FinalEnd.GIVEN else Decider.BLIND_ANSWER


def decided_by(file: CaseFile) -> Coding:
    found = decider(file)
    return Coding(DECIDED_BY, found.value, _DISPLAY[found])
