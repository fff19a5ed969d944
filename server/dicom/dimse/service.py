"""What a request asks for: an answer at once, or that the object after it is taken (PS3.7 section 9.1)."""

from __future__ import annotations

from dataclasses import dataclass

from server.dicom.dimse.command import (
    ORIGINATOR,
    REQUESTED_SOP_INSTANCE,
    RESPONSE,
    SOP_CLASS,
    SOP_INSTANCE,
    Command,
    Field,
)
from server.dicom.dimse.status import Status
from server.dicom.rights import NEEDED, Right
from server.dicom.upper.negotiation import COMMITMENT, PERFORMED, SERVICES, VERIFICATION
from server.objects import Operation

COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
"""The one instance of the Push Model (PS3.4 J.3.5)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """To be sent once the data set, where there is one, has come and been thrown away."""

    status: Status
    text: str = ""


@dataclass(frozen=True, slots=True)
class Take:
    """A C-STORE that names its object, or what reports on others, or on an examination."""

    sop_class: str
    sop_instance: str
    originator: str | None
    operation: Operation = Operation.STORE


_OF_STEPS = {
    Field.N_CREATE_RQ: (Operation.BEGIN, SOP_INSTANCE),
    Field.N_SET_RQ: (Operation.CHANGE, REQUESTED_SOP_INSTANCE),
}
"""What is done with a performed procedure step, and which element names it (PS3.7 10.3.3, 10.3.5)."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A query or a retrieval, whose identifier follows."""

    needs: Right


_ASKING = {
    Field.C_FIND_RQ: (Right.FIND, Right.WORKLIST),
    Field.C_GET_RQ: (Right.GET,),
    Field.C_MOVE_RQ: (Right.MOVE,),
}
"""Which of the rights a SOP class may need by which this is asked."""


def asked(sop_class: str, command: Command) -> Answer | Take | Ask | None:
    """What to do for a command in a context of ``sop_class``; None for what is not answered."""
    if command.field & RESPONSE or command.field == Field.C_CANCEL_RQ:
        return None  # nothing of ours is under way that it could be about
    if command.field == Field.C_ECHO_RQ:
        return _echo(sop_class)
    if command.field == Field.C_STORE_RQ:
        return _store(sop_class, command)
    if command.field == Field.N_EVENT_REPORT_RQ:
        return _report(sop_class, command)
    if command.field in _OF_STEPS:
        return _step(sop_class, command)
    if command.field in _ASKING:
        return _ask(sop_class, command)
    return Answer(Status.UNRECOGNIZED_OPERATION, "allowed: C-ECHO, C-STORE, C-FIND, C-GET, C-MOVE, MPPS")


def _ask(sop_class: str, command: Command) -> Answer | Ask:
    needs = NEEDED.get(sop_class)
    if needs not in _ASKING[Field(command.field)] or command.uid(SOP_CLASS) != sop_class:
        return Answer(Status.SOP_CLASS_NOT_SUPPORTED, "the SOP class is not that of the context")
    if not command.has_data:
        return Answer(Status.DOES_NOT_MATCH, "an identifier must follow")
    return Ask(needs)


def _step(sop_class: str, command: Command) -> Answer | Take:
    """Of a modality, on an examination (PS3.4 F.7.2)."""
    if sop_class != PERFORMED:
        text = "N-CREATE and N-SET belong to a context of MPPS"
        return Answer(Status.UNRECOGNIZED_OPERATION, text)
    operation, named = _OF_STEPS[Field(command.field)]
    instance = command.uid(named)
    if not instance:
        return Answer(Status.INVALID_ARGUMENT, "a step is named by its SOP Instance UID")
    if not command.has_data:
        return Answer(Status.MISSING_ATTRIBUTE, "a step needs a data set")
    return Take(PERFORMED, instance, None, operation)


def _echo(sop_class: str) -> Answer:
    if sop_class != VERIFICATION:
        return Answer(Status.SOP_CLASS_NOT_SUPPORTED, "C-ECHO belongs to a context of Verification")
    return Answer(Status.SUCCESS)


def _report(sop_class: str, command: Command) -> Answer | Take:
    """Of an archive, on what it has committed to (PS3.4 J.3.3)."""
    if sop_class != COMMITMENT:
        return Answer(
            Status.SOP_CLASS_NOT_SUPPORTED, "N-EVENT-REPORT belongs to a context of Storage Commitment"
        )
    if not command.has_data:
        return Answer(Status.INVALID_ARGUMENT, "a report on a commitment needs a data set")
    return Take(COMMITMENT, COMMITMENT_INSTANCE, None)


def _store(sop_class: str, command: Command) -> Answer | Take:
    named, instance = command.uid(SOP_CLASS), command.uid(SOP_INSTANCE)
    if not command.has_data:
        return Answer(Status.CANNOT_UNDERSTAND, "a C-STORE needs a data set")
    if not named or not instance:
        return Answer(Status.CANNOT_UNDERSTAND, "a C-STORE names its SOP class and instance")
    if named != sop_class or sop_class in SERVICES:
        return Answer(Status.SOP_CLASS_NOT_SUPPORTED, "the SOP class is not that of the context")
    return Take(named, instance, command.text(ORIGINATOR) or None)
