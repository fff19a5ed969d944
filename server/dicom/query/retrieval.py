"""A C-GET under way (PS3.4 C.4.3), and what it has in common with a C-MOVE.

Objects go as they came, in their transfer syntax; where the receiver does not take that, the sub-operation
has failed and is counted: nothing is encoded anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import pack

from server.accesses import Doing
from server.dicom.account import TYPE
from server.dicom.dimse import command as dimse
from server.dicom.dimse.command import RESPONSE, Field, respond, write_command
from server.dicom.dimse.status import Status
from server.dicom.query.asked import retrieved
from server.dicom.query.desk import Desk
from server.dicom.query.finding import account_of, cancels, demand_right, refusal
from server.dicom.query.identifier import read, write
from server.dicom.query.objects import Content, Piece, Tally, chosen
from server.dicom.receive.operation import Asking, Lost, Portion
from server.dicom.upper import answer
from server.dicom.upper.association import Commanded, Event
from server.errors import Fault
from server.image_search import Level

_PORTION = 256 * 1024
_FRAGMENTS = 64
"""Of one portion, for a peer that takes small ones only."""
_FAILED_LIST = 0x00080058
_MOST_LISTED = 900
"""As many UIDs as fit into an element with a short length (PS3.5 7.1.2)."""


class Retrieval:
    """``server.dicom.receive.operation.Operation`` of a C-GET."""

    what = "C-GET"

    def __init__(self, asking: Asking, desk: Desk, top: Level) -> None:
        self._asking = asking
        self._desk = desk
        self._top = top
        self._account = account_of(asking, Doing.READ, TYPE, "")
        self._pieces: Iterator[Piece] | None = None
        self._content: Content | None = None
        """What is being sent, until it has been answered."""
        self._sent = False
        """All of it."""
        self._response: int | None = None
        self._number = 0
        self._cancelled = False
        self._status: Status | None = None
        self.tally = Tally()

    @property
    def told(self) -> Mapping[str, object]:
        status = "" if self._status is None else f"{self._status:04x}"
        done = {"completed": self.tally.completed, "failed": len(self.tally.failed)}
        return {"what": self.what, "status": status, **done}

    @property
    def refused(self) -> bool:
        return self._status is Status.NOT_AUTHORIZED

    def hear(self, event: Event) -> bool:
        return self._cancels(event) or self._answers(event)

    def hear_elsewhere(self, event: Event | Lost, longest: int) -> None:
        """Nobody else is asked."""

    def carry(self) -> Portion:
        try:
            return self._begin() if self._pieces is None else self._go_on()
        except Fault as failure:
            return self._final(*refusal(failure, self._account, self._desk.trail))

    def close(self) -> None:
        if self._content is not None:
            self._content.close()
            self._content = None

    # -- where it goes: for a C-GET back on the same association

    def _open(self, pieces: list[Piece]) -> Portion | None:
        """What is to be done before the first of them is sent."""
        del pieces
        return None

    def _context(self, piece: Piece) -> int | None:
        return self._asking.takes.get((piece.sop_class, piece.syntax))

    @property
    def _detail(self) -> str:
        """For auditors."""
        return ""

    @property
    def _longest(self) -> int:
        return self._asking.peer_max

    def _originator(self) -> Mapping[int, bytes]:
        return {}

    def _portion(self, told: bytes, sent: bytes, *, waits: bool) -> Portion:
        return Portion(told + sent, waits=waits)

    # -- inside

    def _cancels(self, event: Event) -> bool:
        self._cancelled = self._cancelled or cancels(event)
        return cancels(event)

    def _answers(self, event: Event) -> bool:
        """Whether it is the response to what is being sent; it may come before all of it is."""
        if not isinstance(event, Commanded) or event.command.has_data or self._content is None:
            return False
        if event.command.field != Field.C_STORE_RQ | RESPONSE or event.command.message_id != self._number:
            return False
        status = event.command.elements.get(dimse.STATUS, b"")
        self._response = int.from_bytes(status, "little") if len(status) == 2 else Status.PROCESSING_FAILURE
        return True

    def _begin(self) -> Portion:
        asking = self._asking
        demand_right(asking)
        _, meeting = retrieved(read(asking.identifier, asking.context.syntax), self._top)
        pieces, studies = chosen(self._desk, meeting)
        self.tally.remaining = len(pieces)
        told = self._account.of_studies(studies, self._desk.pictured, detail=self._detail)
        self._desk.trail.keep(told)
        self._pieces = iter(pieces)
        first = self._open(pieces) if pieces else None
        return first if first is not None else self._go_on()

    def _go_on(self) -> Portion:
        told = b""
        if self._content is not None:
            if not self._sent:
                return self._piece_of(b"")
            if self._response is None:  # something else was heard
                return Portion(waits=True)
            self._count(self._content.piece, self._response)
            told = self._pending()
        if self._cancelled:
            return self._final(Status.CANCELLED, before=told)
        while (piece := next(self._pieces or iter(()), None)) is not None:
            if self._start(piece):
                return self._piece_of(told)
            self._count(piece, None)
            told = self._pending()
        return self._final(*_came_to(self.tally), before=told)

    def _start(self, piece: Piece) -> bool:
        """False: it cannot be sent, as the receiver does not take it, or as its file is not there."""
        if self._context(piece) is None:
            return False
        try:
            self._content = Content(piece, self._desk.open)
        except OSError:
            return False
        self._number = self._number % 0xFFFF + 1
        self._sent, self._response = False, None
        return True

    def _piece_of(self, told: bytes) -> Portion:
        content = self._content
        context = None if content is None else self._context(content.piece)
        if content is None or context is None:
            return Portion(told)
        begun = self._sending(content.piece, context)
        most = min(_PORTION, _FRAGMENTS * answer.fragment_bytes(self._longest))
        data, self._sent = content.read(most)
        sent = begun + answer.data(context, data, self._longest, last=self._sent)
        return self._portion(told, sent, waits=self._sent and self._response is None)

    def _sending(self, piece: Piece, context: int) -> bytes:
        """The request, before the first of the data (PS3.7 9.3.1.1)."""
        if self._content is None or not self._content.fresh:
            return b""
        request = write_command(
            {
                dimse.SOP_CLASS: _uid(piece.sop_class),
                dimse.FIELD: pack("<H", Field.C_STORE_RQ),
                dimse.MESSAGE_ID: pack("<H", self._number),
                dimse.PRIORITY: pack("<H", 0),
                dimse.DATA_SET_TYPE: pack("<H", 1),
                dimse.SOP_INSTANCE: _uid(piece.sop_instance),
                **self._originator(),
            }
        )
        return answer.command(context, request, self._longest)

    def _count(self, piece: Piece, status: int | None) -> None:
        self.tally.count(piece, status)
        self.close()

    def _pending(self) -> bytes:
        return self._respond(Status.PENDING, "", ended=False)

    def _final(self, status: Status, text: str = "", *, before: bytes = b"") -> Portion:
        self._status = status
        return Portion(before + self._respond(status, text, ended=status != Status.CANCELLED), ended=True)

    def _respond(self, status: Status, text: str, *, ended: bool) -> bytes:
        """With the UIDs of what failed when it is the last (PS3.4 C.4.3.1.3.2)."""
        asking = self._asking
        failed = self.tally.failed[:_MOST_LISTED] if status in _LISTING else []
        if len(self.tally.failed) > _MOST_LISTED and failed:
            text = f"of the failed the first {_MOST_LISTED} are listed"
        counters = self.tally.counters(ended=ended) if self._pieces is not None else None
        said = respond(asking.command, status, text, has_data=bool(failed), counters=counters)
        told = answer.command(asking.context.id, said, asking.peer_max)
        if not failed:
            return told
        listed = write({_FAILED_LIST: failed}, asking.context.syntax)
        return told + answer.data(asking.context.id, listed, asking.peer_max, last=True)


def _came_to(tally: Tally) -> tuple[Status, str]:
    """A failure where nothing was taken, a warning where something was (PS3.4 C.4.2.3.1, C.4.3.3)."""
    if tally.failed and not (tally.completed or tally.warned):
        return Status.NOT_PERFORMED, "none of the objects was taken"
    return Status.SOME_FAILED if tally.failed or tally.warned else Status.SUCCESS, ""


_LISTING = (Status.SOME_FAILED, Status.CANCELLED, Status.NOT_PERFORMED)


def _uid(uid: str) -> bytes:
    return uid.encode("ascii") + b"\0" * (len(uid) % 2)
