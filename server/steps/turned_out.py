"""How a resolved case turned out: counted; what was ruled out, and was there, is given to a person."""

from __future__ import annotations

from server.case import Event
from server.fhir.pens.correspondence import Standing
from server.model import Answer, Learnt, TurnedOut
from server.routing.comparison import Outcome
from server.steps.casefile import Moved
from server.steps.contest import questioned
from server.steps.tasks import moved_task

_MISSED = "It has turned out that this case, which had been ruled out, should not have been."


def told(move: Moved, word: TurnedOut) -> Moved:
    """Lay down what a Task says, unless the last word was the same, and end it."""
    last = words(move)[-1:]
    if not last or last[0].said != word.said:
        move.note(Event.OUTCOME_LINKED, actor=word.by, task=word.task, basis=word.basis, known=word.known_at)
        move.lay_down("turned-out", word)
    return move.write(moved_task(move.file, word.task, Standing("completed"), via="accepted"))


def words(move: Moved) -> list[TurnedOut]:
    """All that were said, those of this move among them."""
    laid = [each.value for each in move.facts if isinstance(each.value, TurnedOut)]
    return move.file.tools.files.facts(move.file.case.id, "turned-out", TurnedOut) + laid


def judged(move: Moved) -> Moved:
    """What they come to. Not while the same is asked anew: that something follows would tell what it is."""
    file, said = move.file, words(move)
    if not said:
        return move
    before = file.latest("learnt", Learnt) or Learnt(0, None)
    if len(said) == before.words or file.tools.files.asked_again(file.case.id):
        return move
    finding = said[-1].finding
    move.lay_down("learnt", Learnt(len(said), finding))
    ruled_out = file.latest("outcome", str) == Outcome.RULED_OUT
    news = finding is Answer.PRESENT and before.finding is not Answer.PRESENT
    return questioned(move, _MISSED) if ruled_out and news else move
