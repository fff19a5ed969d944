"""COMPARED: the verdict decides the way; an agreeing case may be drawn for audit all the same."""

from __future__ import annotations

from server.case import Event
from server.model import Comparison, Verdict
from server.ports import Progress
from server.routing.audit import drawn
from server.steps.casefile import CaseFile, Moved

_WAY = {
    Verdict.CONCORDANT: Event.AGREED,
    Verdict.DISCORDANT: Event.DIFFERED,
    Verdict.DECLINED: Event.NO_AI_ANSWER,
    Verdict.NOT_COMPARABLE: Event.NO_HUMAN_ANSWER,
}


def compare(file: CaseFile) -> Progress:
    """COMPARED -> concordant (audited or not), discordant, declined, not comparable."""
    event = _WAY[file.comparison.verdict]
    move = Moved(file).note(event, sealed=True, policy=True)
    if event is Event.AGREED and _differed(file):
        text = "the readers differed before the first report was corrected"
        move.note(Event.AUDIT_DRAWN, sealed=True, policy=True, reason=text)
    elif event is Event.AGREED and drawn(file.case.id, file.tools.audit_key, file.policy.audit_fraction):
        move.note(Event.AUDIT_DRAWN, sealed=True, policy=True, fraction=file.policy.audit_fraction)
    return move.at_once()


def _differed(file: CaseFile) -> bool:
    """Whether they did before the first report was corrected.

    Whoever has been told that a specialist is asked can guess why: an answer that is changed then is no
    agreement of two independent readers, and a specialist settles it (docs/decisions/0011).
    """
    made = file.tools.files.facts(file.case.id, "comparison", Comparison)
    return any(each.verdict is Verdict.DISCORDANT for each in made[:-1])
