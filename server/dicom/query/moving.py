"""A C-MOVE under way (PS3.4 C.4.2): the same objects, by an association of ours with the peer it names."""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack

from server.dicom.dimse.command import DESTINATION, ORIGINATOR, ORIGINATOR_ID
from server.dicom.dimse.status import Status
from server.dicom.peers import Peer
from server.dicom.query.desk import Desk
from server.dicom.query.finding import demand_right, refusal
from server.dicom.query.objects import Piece
from server.dicom.query.retrieval import Retrieval
from server.dicom.receive.operation import Asking, Dial, Lost, Portion
from server.dicom.upper.association import Accepted, Commanded, Event
from server.dicom.upper.calling import proposal
from server.errors import Category, fault
from server.image_search import Level


class Moving(Retrieval):
    """``server.dicom.receive.operation.Operation`` of a C-MOVE."""

    what = "C-MOVE"

    def __init__(self, asking: Asking, desk: Desk, top: Level) -> None:
        super().__init__(asking, desk, top)
        self._taken: Mapping[tuple[str, str], int] | None = None
        """What the destination takes; None until it has said so."""
        self._lost = False
        self._most = 0

    def hear_elsewhere(self, event: Event | Lost, longest: int) -> None:
        self._most = longest
        if isinstance(event, Accepted):
            self._taken = {(each.sop_class, each.syntax): each.id for each in event.contexts}
        elif not isinstance(event, Commanded):
            self._lost = True
        elif not self._answers(event):
            self._lost = True  # it says something that nobody has asked

    def hear(self, event: Event) -> bool:
        return self._cancels(event)

    @property
    def _detail(self) -> str:
        return f"sent to {self._asking.command.text(DESTINATION)}"

    # -- where it goes

    def _begin(self) -> Portion:
        demand_right(self._asking)
        if self._destination() is None:
            told = fault(Category.NOT_FOUND, "not-found", "no peer of this name takes what is moved")
            _, text = refusal(told, self._account, self._desk.trail)
            return self._final(Status.UNKNOWN_DESTINATION, text)
        return super()._begin()

    def _destination(self) -> Peer | None:
        named = self._asking.command.text(DESTINATION)
        peer = (self._asking.peers.peers or {}).get(named)
        return peer if peer is not None and peer.host else None

    def _open(self, pieces: list[Piece]) -> Portion | None:
        peer = self._destination()
        if peer is None:
            return None
        wanted = [(each.sop_class, each.syntax) for each in pieces]
        dial = Dial(peer.host, peer.port, proposal(peer.ae, self._asking.called, wanted))
        return Portion(waits=True, dial=dial)

    def _go_on(self) -> Portion:
        nobody = self._taken is None
        if nobody and self.tally.remaining and not self._cancelled:
            if not self._lost:
                return Portion(waits=True)
            self._fail_all()
            return self._final(Status.NOT_PERFORMED, "the destination cannot be reached, or refuses")
        if self._lost and self._content is not None:
            self._count(self._content.piece, None)
        return super()._go_on()

    def _fail_all(self) -> None:
        for piece in self._pieces or ():
            self.tally.count(piece, None)

    def _context(self, piece: Piece) -> int | None:
        if self._lost or self._taken is None:
            return None
        return self._taken.get((piece.sop_class, piece.syntax))

    @property
    def _longest(self) -> int:
        return self._most

    def _originator(self) -> Mapping[int, bytes]:
        """Who has asked for it (PS3.7 9.1.1.1)."""
        title = self._asking.calling.encode()
        return {
            ORIGINATOR: title + b" " * (len(title) % 2),
            ORIGINATOR_ID: pack("<H", self._asking.command.message_id),
        }

    def _portion(self, told: bytes, sent: bytes, *, waits: bool) -> Portion:
        return Portion(told, waits=waits, elsewhere=sent)
