"""A human has reported on a case that had been ruled out: it counts for the gatekeeper, and is told.

The report stands in its own right, where it was signed; there is nothing left to compare it with blindly.
"""

from __future__ import annotations

from server.arbitration import answer_of
from server.case import Event, First
from server.fhir.opinions import first_read
from server.fhir.pens.message import Message
from server.fhir.terms import RULED_OUT_NEWS
from server.model import Answer, ReadAfterAll
from server.steps.casefile import Moved
from server.steps.messages import told_of

_TEXT = (
    "A human has reported on this case, which had been ruled out without one, and does not rule it out. Look "
    "at the report, and at what else the gatekeeper has let pass."
)


def read_after_all(move: Moved) -> Moved:
    """Noted with the report; whoever answers for the policy is told, unless the human rules it out, too."""
    file = move.file
    if file.case.position.first is not First.NOT_READ:
        return move
    type_, _, id_ = file.case.report.partition("/")
    stored = file.tools.shelf.read(type_, id_)
    read = None if stored is None else first_read(stored, file.tools.shelf.read)
    if read is None:
        return move
    answer = answer_of(read.codes, file.read_card)
    actor = ", ".join(read.readers) or "first reader"
    move.note(Event.FIRST_READ_AFTER_ALL, actor=actor, report=read.report.versioned, answer=answer)
    move.lay_down("first-read", read).lay_down("after-all", ReadAfterAll(read.report, answer))
    if answer is Answer.ABSENT:
        return move
    to = [("", file.policy.contest.accountable)]
    return told_of(move, Message("after-all", RULED_OUT_NEWS, "stat", _TEXT, to))
