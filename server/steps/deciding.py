"""Whose answer a case ends with, and how that is told."""

from __future__ import annotations

from server.arbitration import Decider, FinalEnd, FinalRead, Kept
from server.fhir.terms import DECIDED_BY
from server.model import Answer, Coding, SpecialistRead, Verdict
from server.steps.casefile import CaseFile

_DISPLAY = {
    Decider.FIRST_READER: "First reader",
    Decider.SPECIALIST: "Specialist",
    Decider.BLIND_ANSWER: "Specialist's blind answer",
    Decider.PHYSICIAN_IN_CHARGE: "Physician in charge",
    Decider.GATEKEEPER_POLICY: "Gatekeeper's policy",
}
_INSTEAD = {
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


def words(file: CaseFile) -> str:
    """The model's reasons, then what everybody has said, where they differ, and who decided."""
    return " ".join((file.tools.explain(file.ai_read, file.read_card), *_said(file), *_decided(file)))


def _said(file: CaseFile) -> list[str]:
    made, read = file.comparison, file.specialist_read
    if made.verdict is Verdict.RULED_OUT:
        return [f"Model: {_answer(file.ai_read.answer)}. No human has read this case."]
    told = [f"First report: {_answer(made.first)}. Model: {_answer(file.ai_read.answer)}."]
    if made.shown:
        told.append("The first reader had been shown the model's answer: the two are not independent.")
    if made.verdict is Verdict.DISCORDANT:
        told.append(f"They differ on: {file.read_card.finding.display}.")
    if read is not None:
        told.append(f"Specialist, blind: {_answer(read.answer)}.")
    final = final_of(file)
    if final is not None and final.read is not None:
        because = f", because: {final.reason.rstrip('.')}" if final.reason else ""
        code = f" ({final.overruling})" if final.overruling else ""
        told.append(
            f"Specialist, after both were shown unnamed: {_answer(final.read.answer)}{code}{because}."
        )
    return told


def _decided(file: CaseFile) -> list[str]:
    kept, final, by = file.latest("kept", Kept), final_of(file), decided_by(file)
    if kept is not None:
        return [f"Decided by: {by.display}, {kept.by}, who keeps the first report: {kept.reason}."]
    why = _INSTEAD.get(final.end, "") if final is not None else ""
    return [f"Decided by: {by.display}{f' ({why})' if why else ''}."]


def _answer(answer: Answer | None) -> str:
    return "no answer" if answer is None else answer.value
