"""How a resolved case turned out: counted; what was ruled out, and was there, is given to a person."""

from __future__ import annotations

from server.case import Event
from server.fhir.pens.correspondence import Standing
from server.model import Answer, TurnedOut
from server.routing.comparison import Outcome
from server.steps.casefile import Moved
from server.steps.contest import questioned
from server.steps.tasks import moved_task

_MISSED = "It has turned out that this case, which had been ruled out, should not have been."


def told(move: Moved, word: TurnedOut) -> Moved:
    """Lay down what a Task says, and end it."""
    move.note(Event.OUTCOME_LINKED, actor=word.by, task=word.task, basis=word.basis, known=word.known_at)
    move.lay_down("turned-out", word)
    return move.write(moved_task(move.file, word.task, Standing("completed"), via="accepted"))


def judged(move: Moved) -> Moved:
    """Nobody but the model stands behind what was ruled out; told twice that it was there is no news."""
    file = move.file
    if file.latest("outcome", str) != Outcome.RULED_OUT:
        return move
    words = file.tools.files.facts(file.case.id, "turned-out", TurnedOut)
    words += [each.value for each in move.facts if isinstance(each.value, TurnedOut)]
    heard = file.latest("outcomes-heard", int) or 0
    if len(words) == heard:
        return move
    move.lay_down("outcomes-heard", len(words))
    found = [each.finding is Answer.PRESENT for each in words]
    return questioned(move, _MISSED) if any(found[heard:]) and not any(found[:heard]) else move
