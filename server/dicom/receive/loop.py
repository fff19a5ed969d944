"""The loop of one listener process: every connection, what it waits for, and when it has waited enough.

The loop never touches the disk, and a thread never touches a socket: while a thread writes what has
come of an object, its connection is not read, and the kernel tells the peer to wait; while one makes
the next piece of an answer, it is, so that the peer can cancel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from socket import socket
from ssl import SSLError

from structlog.typing import FilteringBoundLogger

from server.dicom.limits import Limits
from server.dicom.pace import Phase
from server.dicom.receive.admission import Admission
from server.dicom.receive.connection import Connection
from server.dicom.receive.conversation import Conversation
from server.dicom.receive.delivery import Delivery, is_final
from server.dicom.receive.serving import Serving
from server.dicom.upper.association import Event, State
from server.dicom.upper.pdu import Violation
from server.doorway import Doorways
from server.hands import Hands
from server.line import Entry
from server.objects import Held, Holding, Outcome
from server.tally import Tally
from server.watching import watch

_TURN_SECONDS = 0.25
"""The longest wait of one turn, and how often deadlines are looked at."""
_ROOM_SECONDS = 1.0
_HANDSHAKES = 8
"""In one turn; each costs the loop the better part of a millisecond."""
_OUTSIDE = (Phase.HANDSHAKE, Phase.FRESH, Phase.LINGERING)

Done = Future[Outcome | None]


class Loop:
    """Takes associations and their objects until ``stop``; then turn until ``busy`` is false."""

    def __init__(
        self,
        entries: Sequence[Entry],
        conversation: Conversation,
        holding: Holding,
        admission: Admission,
        *,
        limits: Limits,
        tally: Tally,
        log: FilteringBoundLogger,
    ) -> None:
        self._conversation, self._admission, self._holding = conversation, admission, holding
        self._limits, self._tally, self._log = limits, tally, log
        self._selector = DefaultSelector()
        self._hands = Hands(limits.threads, self._selector)
        self._readers = Hands(limits.answering_threads, self._selector)
        self._doorway = Doorways(
            entries, self._selector, self._enter, lambda: admission.more_than_our_share, log
        )
        self._serving = Serving(
            self._readers,
            self._selector,
            conversation,
            limits,
            watch=self._watch,
            advance=lambda connection: self._guard(connection, self._advance),
        )
        self._connections: set[Connection] = set()
        self._behind: list[Connection] = []
        """Those of which more has come than one turn takes, and from whom nothing more is read."""
        self._stopping = False
        self._handshakes, self._next_sweep, self._next_look = 0, 0.0, 0.0
        self._inbox = memoryview(bytearray(limits.pdu_bytes + 6))
        """One for all: what is read is taken from it before the next read."""
        self.broken = False
        """The disk has failed in a way after which only a new process may go on."""

    def start(self) -> None:
        self._hands.start()
        self._readers.start()
        self._doorway.watch(on=True)

    def turn(self) -> None:
        """Wait for something to happen, at most a quarter of a second, and act on it."""
        self._handshakes = _HANDSHAKES
        left, self._behind = self._behind, []
        for key, _ in self._selector.select(0.0 if left else self._doorway.patience(_TURN_SECONDS)):
            key.data()
        for connection in left:
            if connection in self._connections and connection.catches_up:
                self._guard(connection, self._advance)
        now = time.monotonic()
        if not self._stopping:
            self._doorway.come_back(now)
        if now >= self._next_sweep:
            self._next_sweep = now + _TURN_SECONDS
            self._sweep(now)

    def stop(self) -> None:
        """Accept no more. Objects under way are taken to their end, then their associations aborted."""
        self._stopping = True
        self._doorway.watch(on=False)
        self._sweep(time.monotonic())

    @property
    def busy(self) -> bool:
        return bool(self._connections)

    def close(self) -> None:
        """Drop what is left; what threads have in hand is abandoned."""
        for connection in list(self._connections):
            self._drop(connection)
        self._hands.close()
        self._readers.close()
        self._selector.close()

    # -- accepting

    def _enter(self, entry: Entry, sock: socket, address: str, now: float) -> None:
        if len(self._connections) >= self._limits.connections and not self._evict():
            sock.close()
            return
        try:
            connection = Connection(sock, address, self._limits, now, entry.line)
        except OSError:  # The peer has left already.
            sock.close()
            return
        self._connections.add(connection)
        self._watch(connection, EVENT_READ)

    def _evict(self) -> bool:
        """Close who has waited longest to associate: whoever holds a seat is not put out for a newcomer."""
        now = time.monotonic()
        fresh = [each for each in self._connections if each.phase in _OUTSIDE]
        if fresh:
            self._drop(max(fresh, key=lambda each: each.waited(now)))
        return bool(fresh)

    # -- one connection

    def _watch(self, connection: Connection, events: int) -> None:
        watch(self._selector, connection, events, partial(self._ready, connection))

    def _ready(self, connection: Connection) -> None:
        if connection in self._connections:  # not dropped earlier in this turn
            self._guard(connection, self._step)

    def _guard(self, connection: Connection, act: Callable[[Connection, float], None]) -> None:
        try:
            act(connection, time.monotonic())
            while connection.unread and connection in self._connections:
                self._step(connection, time.monotonic())
        except (EOFError, OSError):  # The peer has left, in one of the many ways TCP has for it.
            self._drop(connection)

    def _step(self, connection: Connection, now: float) -> None:
        if connection.phase is Phase.LINGERING:
            if not connection.discard():
                self._drop(connection)
        elif connection.operation is not None:
            if connection.hears and not connection.receive(self._inbox):
                raise EOFError
            self._advance(connection, now)
        elif connection.phase is Phase.ANSWERING:
            self._send(connection, now)
        elif connection.phase is Phase.HANDSHAKE:
            self._shake_hands(connection, now)
        elif connection.receive(self._inbox):
            self._advance(connection, now)
        else:
            raise EOFError

    def _shake_hands(self, connection: Connection, now: float) -> None:
        """Its arithmetic is ours: of many who come at once, a few a turn, so that those inside go on."""
        if not self._handshakes:
            return
        self._handshakes -= 1
        try:
            self._watch(connection, connection.shake_hands(now) or EVENT_READ)
        except SSLError as error:
            self._tally.count("handshakes failed")
            self._log.info("no TLS handshake", peer=connection.address, why=error.reason or "cut off")
            raise

    def _advance(self, connection: Connection, now: float) -> None:
        """Take what is whole, until a thread is needed or more must come."""
        association = connection.association
        try:
            for event in connection.events():
                self._hear(connection, event, now)
        except Violation as violation:
            self._log.info("aborted", peer=connection.address, why=violation.why.name)
            self._tally.count("aborted", violation.why.name)
            association.abort(violation.why)
        self._behind += [connection] if connection.behind else []
        self._send(connection, now)

    def _hear(self, connection: Connection, event: Event, now: float) -> None:
        if connection.operation is not None:
            self._serving.hear(connection, event)
            return
        connection.progress(now)
        work = self._conversation.hear(connection, event, now)
        if isinstance(work, Delivery):
            self._carry(connection, work, now)
        elif work is not None:
            connection.serve(work)

    def _send(self, connection: Connection, now: float) -> None:
        if connection.operation is not None and connection.association.state is not State.ENDED:
            self._serving.serve(connection, now)
        elif not connection.flush():
            connection.enter(Phase.ANSWERING, now)
            self._watch(connection, EVENT_WRITE)
        elif connection.association.state is State.ENDED:
            self._abandon(connection)
            self._watch(connection, EVENT_READ)
            connection.say_goodbye(now)
        elif connection.phase is not Phase.WORKING:
            again = connection.phase is Phase.ANSWERING
            connection.settle(now)
            self._watch(connection, 0 if connection.behind else EVENT_READ)
            if again:
                self._advance(connection, now)

    def _drop(self, connection: Connection) -> None:
        self._watch(connection, 0)
        self._connections.discard(connection)
        self._abandon(connection)
        self._conversation.part(connection)
        connection.line.close(complete=connection.phase is Phase.FRESH)

    # -- threads

    def _carry(self, connection: Connection, delivery: Delivery, now: float) -> None:
        """A thread writes what has come; the peer waits meanwhile."""
        connection.enter(Phase.WORKING, now)
        self._watch(connection, 0)
        data, delivery.waiting, delivery.ended_at = delivery.waiting, bytearray(), now
        work = partial(delivery.carry, self._holding, data, last=delivery.ended)
        self._hands.give(work, partial(self._come_back, connection, delivery))

    def _come_back(self, connection: Connection, delivery: Delivery, done: Done) -> None:
        error = done.exception()
        self.broken = self.broken or (error is not None and is_final(error))
        if connection not in self._connections:
            self._hands.leave(delivery.abandon)
            return
        now = time.monotonic()
        connection.enter(Phase.IDLE, now)
        connection.relieved(now)
        outcome = None if error else done.result()
        if isinstance(outcome, Held):
            self._tally.took(now - delivery.ended_at)
        self._conversation.carried(connection, delivery, error, outcome)
        self._guard(connection, self._advance)

    def _abandon(self, connection: Connection) -> None:
        """What is under way is not wanted any more; a thread that is at work sees to it itself."""
        self._serving.end(connection)
        delivery, connection.delivery = connection.delivery, None
        if delivery is not None and connection.phase is not Phase.WORKING:
            self._hands.leave(delivery.abandon)

    # -- deadlines

    def _sweep(self, now: float) -> None:
        if now >= self._next_look:
            self._next_look = now + _ROOM_SECONDS
            self._admission.full = not self._holding.has_room()
        for connection in list(self._connections):
            if connection.outward is not None:
                connection.outward.look(now)
            if connection.overdue(now) or (self._stopping and connection.between_messages):
                self._guard(connection, self._expire)

    def _expire(self, connection: Connection, now: float) -> None:
        if connection.phase in (Phase.IDLE, Phase.IN_PDU, Phase.AWAITING):
            self._tally.count("aborted", "too slow" if not self._stopping else "stopping")
            connection.association.abort(None)
            self._send(connection, now)
        else:
            self._drop(connection)
