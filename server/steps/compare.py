"""COMPARED: verdict and rule decide the way; what ends here may be drawn for audit all the same."""

from __future__ import annotations

from server.case import Event
from server.model import Comparison, Verdict
from server.ports import Progress
from server.routing.audit import drawn
from server.routing.comparison import asked
from server.steps.casefile import CaseFile, Moved

_WAY = {
    Verdict.CONCORDANT: Event.AGREED,
    Verdict.DISCORDANT: Event.DIFFERED,
    Verdict.DECLINED: Event.NO_AI_ANSWER,
    Verdict.NOT_ASKED: Event.NO_AI_ANSWER,
    Verdict.NOT_COMPARABLE: Event.NO_HUMAN_ANSWER,
}


def compare(file: CaseFile) -> Progress:
    """COMPARED -> to a specialist for its reason, or to the end that the rule leaves it to."""
    event = _WAY[file.comparison.verdict]
    if asked(file.comparison, file.ai_read, file.policy) is None:
        return _let_be(file, Event.LEFT_STANDING if event is Event.DIFFERED else event).at_once()
    move = Moved(file).note(event, sealed=True, policy=True)
    if event is Event.AGREED:
        move.note(Event.CONFIRMATION_ASKED, sealed=True, policy=True, rule=file.comparison.rule)
    return move.at_once()


def _let_be(file: CaseFile, event: Event) -> Moved:
    """The first report stands, but for the audit share, drawn of whatever ends so (S2.5)."""
    move = Moved(file).note(event, sealed=True, policy=True)
    if _differed(file):
        text = "the readers differed before the first report was corrected"
        move.note(Event.AUDIT_DRAWN, sealed=True, policy=True, reason=text)
    elif drawn(file.case.id, file.tools.audit_key, file.policy.audit_fraction):
        move.note(Event.AUDIT_DRAWN, sealed=True, policy=True, fraction=file.policy.audit_fraction)
    return move


def _differed(file: CaseFile) -> bool:
    """Whether they did before the first report was corrected.

    Whoever has been told that a specialist is asked can guess why: an answer that is changed then is no
    agreement of two independent readers, and a specialist settles it (docs/decisions/0011).
    """
    made = file.tools.files.facts(file.case.id, "comparison", Comparison)
    return any(each.verdict is Verdict.DISCORDANT for each in made[:-1])
