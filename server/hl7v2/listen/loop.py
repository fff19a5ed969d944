"""The loop of one listener process: every connection, what it waits for, and when it has waited enough.

The loop never touches the disk, and a thread never touches a socket: while a thread has a message of a
connection, nothing more is read from it, and the kernel tells the peer to wait. So answers leave in the order
of the messages, and of what a peer sends ahead no more is held than was read at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from socket import socket
from ssl import SSLError

from structlog.typing import FilteringBoundLogger

from server.doorway import Doorways
from server.hands import Hands
from server.hl7v2.framing import Closed, Dropped, Event, Frame, Skipped, TooLong, Torn, Why, block
from server.hl7v2.listen.admission import Admission
from server.hl7v2.listen.connection import Connection, Phase
from server.hl7v2.listen.entrance import Entrance
from server.hl7v2.listen.limits import Limits
from server.hl7v2.listen.telling import Telling
from server.line import Entry
from server.messages import Hearing
from server.watching import watch

_TURN_SECONDS = 0.25
"""The longest wait of one turn, and how often deadlines are looked at."""
_HANDSHAKES = 8
"""In one turn; each costs the loop the better part of a millisecond."""
_READ_BYTES = 64 * 1024
_LATE = {
    Phase.HANDSHAKE: "",  # is counted as a handshake
    Phase.IDLE: "idle",
    Phase.MESSAGE: "too slow",
    Phase.ANSWERING: "not read",
    Phase.LINGERING: "",
}


class Loop:
    """Takes messages until ``stop``; then turn until ``busy`` is false."""

    def __init__(
        self,
        entries: Sequence[Entry],
        hearing: Hearing,
        admission: Admission,
        *,
        limits: Limits,
        clock: Callable[[], datetime],
        telling: Telling,
        log: FilteringBoundLogger,
    ) -> None:
        self._hearing, self._entrance = hearing, Entrance(admission, limits, telling)
        self._limits, self._clock, self._telling = limits, clock, telling
        self._selector = DefaultSelector()
        self._hands = Hands(limits.threads, self._selector)
        self._doorway = Doorways(
            entries, self._selector, self._enter, lambda: admission.more_than_our_share, log
        )
        self._connections: set[Connection] = set()
        self._stopping = False
        self._handshakes, self._next_sweep = 0, 0.0
        self._held = 0
        """Bytes of messages, of all connections."""
        self._inbox = memoryview(bytearray(_READ_BYTES))
        self.broken = False
        """The disk has failed in a way after which only a new process may go on."""

    def start(self) -> None:
        self._hands.start()
        self._doorway.watch(on=True)

    def turn(self) -> None:
        """Wait for something to happen, at most a quarter of a second, and act on it."""
        self._handshakes = _HANDSHAKES
        for key, _ in self._selector.select(self._doorway.patience(_TURN_SECONDS)):
            key.data()
        now = time.monotonic()
        if not self._stopping:
            self._doorway.come_back(now)
        if now >= self._next_sweep:
            self._next_sweep = now + _TURN_SECONDS
            self._sweep(now)

    def stop(self) -> None:
        """Accept no more. Messages that have begun are taken to their end and answered."""
        self._stopping = True
        self._doorway.watch(on=False)
        self._sweep(time.monotonic())

    @property
    def busy(self) -> bool:
        return bool(self._connections)

    def close(self) -> None:
        """Drop what is left; what threads have in hand is finished, and answered by nobody."""
        for connection in list(self._connections):
            self._drop(connection)
        self._hands.close()
        self._selector.close()

    # -- accepting

    def _enter(self, entry: Entry, sock: socket, address: str, now: float) -> None:
        connection = self._entrance.let_in(entry, sock, address, now)
        if connection is None:
            return
        self._connections.add(connection)
        self._watch(connection, EVENT_READ)
        if connection.line.ready:
            self._guard(connection, self._welcome)

    def _welcome(self, connection: Connection, now: float) -> None:
        """It has shown who it may be."""
        if not self._entrance.welcome(connection, now):
            self._drop(connection)

    # -- one connection

    def _watch(self, connection: Connection, events: int) -> None:
        watch(self._selector, connection, events, partial(self._ready, connection))

    def _ready(self, connection: Connection) -> None:
        if connection in self._connections:  # not dropped earlier in this turn
            self._guard(connection, self._step)

    def _guard(self, connection: Connection, act: Callable[[Connection, float], None]) -> None:
        try:
            act(connection, time.monotonic())
            while connection in self._connections and connection.unread:
                self._step(connection, time.monotonic())
        except OSError:  # The peer has left, in one of the many ways TCP has for it.
            self._drop(connection)

    def _step(self, connection: Connection, now: float) -> None:
        if connection.phase is Phase.LINGERING:
            if not connection.discard():
                self._drop(connection)
        elif connection.phase is Phase.HANDSHAKE:
            self._shake_hands(connection, now)
        else:
            if connection.phase is not Phase.ANSWERING:
                connection.receive(self._inbox, now)
            self._go_on(connection, now)

    def _shake_hands(self, connection: Connection, now: float) -> None:
        """Its arithmetic is ours: of many who come at once, a few a turn, so that those inside go on."""
        if not self._handshakes:
            return
        self._handshakes -= 1
        try:
            wanted = connection.line.shake_hands()
        except SSLError as error:
            self._telling.no_handshake(connection.address, error.reason or "cut off")
            raise
        self._watch(connection, wanted or EVENT_READ)
        if not wanted:
            connection.enter(Phase.IDLE, now)
            self._welcome(connection, now)

    def _go_on(self, connection: Connection, now: float) -> None:
        """Send what is to be sent, then take what has come, until a thread is needed or more must come."""
        while connection.flush():
            if connection.final:
                connection.say_goodbye(now)
                self._watch(connection, EVENT_READ)
                return
            if self._stopping and not connection.framing.begun:
                self._end(connection, "stopping")
                return
            event = connection.framing.take()
            if event is None:
                self._await_more(connection, now)
                return
            self._act(connection, event, now)
            if connection.phase is Phase.WORKING or connection not in self._connections:
                return
        connection.enter(Phase.ANSWERING, now)
        self._watch(connection, EVENT_WRITE)

    def _await_more(self, connection: Connection, now: float) -> None:
        connection.settle(now)
        self._watch(connection, EVENT_READ)
        self._weigh(connection)
        if self._held > self._limits.held_bytes and connection.weight > _READ_BYTES:
            self._end(connection, "no room")

    def _act(self, connection: Connection, event: Event, now: float) -> None:
        match event:
            case Frame(payload):
                self._give(connection, payload, self._hearing.hear, now)
            case Torn(payload):
                self._telling.torn(connection.address)
                self._give(connection, payload, self._hearing.torn, now)
            case TooLong(begin):
                self._telling.too_long(connection.address)
                connection.final = True
                self._give(connection, begin, self._hearing.too_long, now)
            case Skipped(count):
                self._telling.skipped(connection.address, count)
            case Dropped(why):
                self._telling.dropped(connection.address, why)
                connection.begin_anew(now)
            case Closed(Why.ENDED):
                self._drop(connection)
            case Closed(why):
                self._end(connection, why.value)

    def _settled(self, frame: Frame, connection: Connection, now: float) -> None:
        self._act(connection, frame, now)

    def _end(self, connection: Connection, why: str) -> None:
        """Without an answer: a peer that has something to say says it again."""
        self._telling.ended(connection.address, why)
        self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._watch(connection, 0)
        self._connections.discard(connection)
        self._held -= connection.weight
        self._entrance.leave(connection)
        connection.line.close(complete=connection.phase is Phase.IDLE)

    def _weigh(self, connection: Connection) -> None:
        weight = connection.framing.held + connection.in_hand
        self._held += weight - connection.weight
        connection.weight = weight

    # -- threads

    def _give(
        self,
        connection: Connection,
        payload: bytes,
        work: Callable[[bytes, tuple[str, ...], datetime], bytes | None],
        now: float,
    ) -> None:
        """A thread hears the message; the peer waits meanwhile."""
        names = self._entrance.names(connection)
        if not names:  # the links have changed since it came
            self._welcome(connection, now)
            return
        connection.enter(Phase.WORKING, now)
        self._watch(connection, 0)
        connection.in_hand = len(payload)
        self._weigh(connection)
        self._hands.give(
            partial(work, payload, names, self._clock()), partial(self._come_back, connection, now)
        )

    def _come_back(self, connection: Connection, began: float, done: Future[bytes | None]) -> None:
        error = done.exception()
        now = time.monotonic()
        size, connection.in_hand = connection.in_hand, 0
        if error is not None:
            self.broken = self._telling.failed(connection.address, error) or self.broken
            self._drop(connection)
            return
        answer = done.result()
        self._telling.heard(size, now - began, answered=answer is not None)
        if connection not in self._connections:
            return
        if answer is not None:
            connection.outgoing += block(answer)
        connection.enter(Phase.IDLE, now)
        self._guard(connection, self._go_on)

    # -- deadlines

    def _sweep(self, now: float) -> None:
        for connection in list(self._connections):
            if connection.overdue(now):
                if connection.phase is Phase.HANDSHAKE:
                    self._telling.no_handshake(connection.address, "too slow")
                self._end(connection, _LATE[connection.phase])
            elif (frame := connection.settled(now)) is not None:
                self._guard(connection, partial(self._settled, frame))
            elif self._stopping and connection.phase in (Phase.IDLE, Phase.HANDSHAKE):
                self._end(connection, "stopping")
