"""One association (PS3.8 section 9.2) as a value, on the side of who accepts it, or of who calls.

Feed it bytes, take events, send ``outgoing``. Who may associate is the owner's to decide: a
``Requested`` is answered with ``accept`` or ``reject`` before anything else is taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from server.dicom.dimse.command import Command, Unreadable, read_command
from server.dicom.limits import Limits
from server.dicom.upper import answer
from server.dicom.upper.answer import ACCEPTED, Answered, Rejection
from server.dicom.upper.calling import Proposal, release
from server.dicom.upper.pdu import Framer, Type, Violation, Why
from server.dicom.upper.request import Request, Role, parse_request

_MOST_FRAGMENTS = 1024
"""Of one PDU. Senders put one or two into it; of empty ones a PDU could hold forty thousand."""


class State(Enum):
    """Those of PS3.8 table 9-10 that can be told apart here."""

    AWAITING = auto()
    """Sta2: the A-ASSOCIATE-RQ has not come."""
    DECIDING = auto()
    """Sta3: it has come and is not answered."""
    CALLING = auto()
    """Sta5: we have asked, and are not answered."""
    ESTABLISHED = auto()
    """Sta6."""
    ENDED = auto()
    """Sta13: the connection is to be closed."""


@dataclass(frozen=True, slots=True)
class Requested:
    request: Request


@dataclass(frozen=True, slots=True)
class Commanded:
    """A whole command set; when it ``has_data``, the data set follows in ``Data``."""

    context: Answered
    command: Command


@dataclass(frozen=True, slots=True)
class Data:
    """Some bytes of a data set, in the order in which they were sent."""

    data: memoryview
    last: bool


@dataclass(frozen=True, slots=True)
class Released:
    """The peer has ended it in order, and has been answered."""


@dataclass(frozen=True, slots=True)
class Aborted:
    """The peer has ended it at once."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The peer takes part in an association of ours."""

    contexts: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """It does not."""


Event = Requested | Commanded | Data | Released | Aborted | Accepted | Refused


class Association:
    """Raises Violation from ``take``: then ``abort`` with its reason is all that is left to do."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._framer = Framer(limits)
        self._contexts: dict[int, Answered] = {}
        self.peer_max = 0
        """Longest P-DATA-TF that the peer takes; 0: any."""
        self._command = bytearray()
        self._reading: Answered | None = None
        """The context of the message of which something has come and something is to come."""
        self._in_data = False
        self._fragments: deque[tuple[int, memoryview]] = deque()
        self._proposal: Proposal | None = None
        self.state = State.AWAITING
        self.outgoing = bytearray()

    @property
    def room(self) -> int:
        return self._framer.room

    @property
    def in_pdu(self) -> bool:
        """Part of a PDU has come."""
        return self._framer.waiting > 0

    @property
    def in_message(self) -> bool:
        """Part of a message has come."""
        return self._reading is not None or bool(self._fragments)

    def feed(self, data: bytes | memoryview) -> None:
        self._framer.feed(data)

    def take(self) -> Event | None:
        """The next event, if all its bytes are here. Raises Violation."""
        while self.state is not State.ENDED:
            if self._fragments:
                event = self._fragment(*self._fragments.popleft())
            else:
                taken = None if self.state is State.DECIDING else self._framer.take()
                if taken is None:
                    return None
                event = self._pdu(*taken)
            if event is not None:
                return event
        return None

    # -- what the owner says

    def call(self, proposal: Proposal) -> None:
        """Be the one who asks for it."""
        self._proposal = proposal
        self.outgoing += proposal.encoded(self._limits.pdu_bytes)
        self.state = State.CALLING
        self._framer.associated = True

    def release(self) -> None:
        """Of an association of ours that has done its part."""
        self.outgoing += release()
        self.state = State.ENDED

    def accept(self, request: Request, contexts: Sequence[Answered], roles: Sequence[Role] = ()) -> None:
        self._contexts = {each.id: each for each in contexts if each.result == ACCEPTED}
        self.peer_max = request.max_length
        self.outgoing += answer.accept(request, contexts, self._limits.pdu_bytes, roles)
        self.state = State.ESTABLISHED
        self._framer.associated = True

    def reject(self, why: Rejection) -> None:
        self.outgoing += answer.reject(why)
        self.state = State.ENDED

    def reply(self, context: Answered, encoded: bytes) -> None:
        """Send a command set."""
        self.outgoing += answer.command(context.id, encoded, self.peer_max)

    def abort(self, why: Why | None) -> None:
        """As the provider with its reason, or as the user."""
        self.outgoing += answer.abort(why)
        self.state = State.ENDED

    # -- PDUs

    def _pdu(self, kind: Type, payload: bytes) -> Event | None:
        if kind is Type.ABORT:
            self.state = State.ENDED
            return Aborted()
        if self.state is State.AWAITING:  # the framer lets nothing else through
            request = parse_request(payload)
            if self._framer.waiting:
                raise Violation(Why.UNEXPECTED_PDU)  # sent before it knew our answer
            self.state = State.DECIDING
            return Requested(request)
        if self.state is State.CALLING:
            return self._answered(kind, payload)
        if kind is Type.DATA:
            self._fragments = _fragments(payload)
            return None
        if kind is Type.RELEASE_RQ and self._reading is None:
            self.outgoing += answer.release_reply()
            self.state = State.ENDED
            return Released()
        raise Violation(Why.UNEXPECTED_PDU)

    def _answered(self, kind: Type, payload: bytes) -> Event:
        if kind is Type.ASSOCIATE_RJ:
            self.state = State.ENDED
            return Refused()
        if kind is not Type.ASSOCIATE_AC or self._proposal is None:
            raise Violation(Why.UNEXPECTED_PDU)
        contexts, self.peer_max = self._proposal.accepted(payload)
        self._contexts = {each.id: each for each in contexts if each.result == ACCEPTED}
        self.state = State.ESTABLISHED
        return Accepted(tuple(self._contexts.values()))

    def _fragment(self, context_id: int, fragment: memoryview) -> Event | None:
        context = self._contexts.get(context_id)
        header, data = fragment[0], fragment[1:]
        if context is None or header & 0xFC:
            raise Violation(Why.INVALID_PARAMETER)
        is_command, last = bool(header & 1), bool(header & 2)
        if is_command is self._in_data or (self._reading is not None and context is not self._reading):
            raise Violation(Why.UNEXPECTED_PDU)
        self._reading = context
        if is_command:
            return self._command_part(context, data, last)
        if last:
            self._reading, self._in_data = None, False
        return Data(data, last)

    def _command_part(self, context: Answered, data: memoryview, last: bool) -> Event | None:
        self._command += data
        if len(self._command) > self._limits.command_bytes:
            raise Violation(Why.INVALID_PARAMETER)
        if not last:
            return None
        try:
            command = read_command(bytes(self._command))
        except Unreadable as error:
            raise Violation(Why.INVALID_PARAMETER) from error
        self._command.clear()
        self._in_data = command.has_data
        self._reading = context if command.has_data else None
        return Commanded(context, command)


def _fragments(payload: bytes) -> deque[tuple[int, memoryview]]:
    """The presentation data values of one P-DATA-TF (PS3.8 9.3.5.1): context, header with fragment."""
    at, whole = 0, memoryview(payload)
    found: deque[tuple[int, memoryview]] = deque()
    while at < len(payload):
        length = int.from_bytes(whole[at : at + 4], "big")
        end = at + 4 + length
        if len(payload) < at + 4 or length < 2 or end > len(payload) or len(found) == _MOST_FRAGMENTS:
            raise Violation(Why.INVALID_PARAMETER)
        found.append((payload[at + 4], whole[at + 5 : end]))
        at = end
    return found
