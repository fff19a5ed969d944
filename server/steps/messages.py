"""A word to people about a result: at our own door, and to the EHR that asked."""

from __future__ import annotations

from server.fhir.home import letter_home, publish
from server.fhir.pens.message import Message, message_bundle
from server.fhir.stamp import stamped
from server.steps.casefile import Moved
from server.steps.letters import letter, letter_out


def told_of(move: Moved, message: Message) -> Moved:
    """Published and sent with what ``move`` changes; its identifier is minted from the case."""
    file = move.file
    home = letter_home(
        file.case.id, file.case.patient, f"Task/{file.case.task_id}", file.task, file.tools.operator
    )
    here = publish(message_bundle(home, message, file.now))
    move.write([stamped(resource, id_, 1, file.now) for id_, resource in here])
    return move.send(letter("message", file, message_bundle(letter_out(file), message, file.now)))
