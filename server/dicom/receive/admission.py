"""Who may associate now: the file of peers, how often, how many at once, and whether there is room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server.dicom.pace import Throttle
from server.dicom.peers import Called, Peers
from server.dicom.rights import Right
from server.dicom.upper.answer import ACCEPTED, Answered, Rejection
from server.dicom.upper.negotiation import choose, granted
from server.dicom.upper.request import Request, Role, ae_title
from server.seats import Seats


@dataclass(frozen=True, slots=True)
class Admitted:
    rules: Called
    contexts: tuple[Answered, ...]
    seat: int
    roles: tuple[Role, ...]
    rights: frozenset[Right]
    peers: Peers

    @property
    def takes(self) -> Mapping[tuple[str, str], int]:
        """(SOP class, transfer syntax) -> context by which objects may be sent to the peer."""
        provided = {each.sop_class for each in self.roles if each.scp}
        taken = [each for each in self.contexts if each.result == ACCEPTED and each.sop_class in provided]
        return {(each.sop_class, each.syntax): each.id for each in taken}


class Admission:
    """One for all connections of a process; the seats are those of all processes."""

    def __init__(self, peers: Callable[[], Peers], seats: Seats, throttle: Throttle) -> None:
        self._peers = peers
        self._seats = seats
        self._throttle = throttle
        self.full = False
        """The disk is: set by the loop, which looks now and then."""

    def ask(self, request: Request, address: str, now: float, shown: bytes = b"") -> Admitted | Rejection:
        """``shown``: the certificate of the peer, DER, where it has shown one."""
        if not self._throttle.allows(address, now):
            return Rejection.CONGESTION
        peers = self._peers()
        rules = peers.admit(request, address, shown)
        if isinstance(rules, Rejection):
            return rules
        if self.full:
            return Rejection.CONGESTION
        seat = self._seats.take(address)
        if seat is None:
            return Rejection.LIMIT
        contexts = choose(request.contexts, rules.classes)
        rights = peers.rights(rules, ae_title(request.calling) or "")
        return Admitted(rules, contexts, seat, granted(request.roles), rights, peers)

    def bears(self, address: str, now: float) -> bool:
        """Whether one more refusal is given; they count as requests for an association do."""
        return self._throttle.allows(address, now)

    @property
    def more_than_our_share(self) -> bool:
        return self._seats.more_than_our_share

    def leave(self, seat: int) -> None:
        self._seats.give_back(seat)
