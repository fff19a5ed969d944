"""The loop of one worker process: every connection, what it waits for, and when it has waited enough."""

from __future__ import annotations

import errno
import os
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from logging import Logger
from queue import Empty, SimpleQueue
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from socket import socket

from server.line import Line
from server.porch.connection import Connection
from server.porch.intake import WholeRequest
from server.porch.limits import PorchLimits
from server.porch.pace import Phase
from server.porch.reasons import Reason, Refusal, answer
from server.porch.spool import Memory, Spool

_TURN_SECONDS = 0.25
"""The longest wait of one turn, and how often deadlines are looked at."""
_STOP_IDLE_SECONDS = 1.0
"""A stopping loop keeps a connection that was used so lately: its next request may be on its way."""
_HANDSHAKES = 8
"""In one turn: their arithmetic, a millisecond or more each, must not keep those waiting who are inside."""
_TRY_AGAIN = (errno.EAGAIN, errno.ECONNABORTED)
_WAITING = (Phase.HANDSHAKE, Phase.FRESH, Phase.IDLE)


class Loop:
    """Receives whole requests and hands them to ``dispatch``; they come back by ``finished``."""

    def __init__(
        self,
        limits: PorchLimits,
        dispatch: Callable[[Connection, WholeRequest], None],
        log: Logger,
        new_line: Callable[[socket], Line],
    ) -> None:
        self._limits = limits
        self._dispatch = dispatch
        self._log = log
        self._new_line = new_line
        self._new_spool = partial(Spool, limits, Memory(limits.memory_bytes))
        self._selector = DefaultSelector()
        self._connections: set[Connection] = set()
        self._listeners: list[socket] = []
        self._listening = False
        self._stopping = False
        self._next_sweep = 0.0
        self._handshakes_left = 0
        self._finished: SimpleQueue[tuple[Connection, Reason | None]] = SimpleQueue()
        self._wake_fd = -1

    def start(self, listeners: list[socket], wake: tuple[int, int]) -> None:
        """Begin to accept. ``wake`` is a non-blocking pipe that may be written from threads and signals."""
        read_fd, self._wake_fd = wake
        self._selector.register(read_fd, EVENT_READ, partial(self._awake, read_fd))
        self._listeners = listeners
        self._listen(on=True)

    def turn(self) -> None:
        """Wait for something to happen, at most a quarter of a second, and act on it."""
        self._handshakes_left = _HANDSHAKES
        for key, _ in self._selector.select(_TURN_SECONDS):
            key.data()
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + _TURN_SECONDS
            self._sweep(now)

    def finished(self, connection: Connection, failure: Reason | None) -> None:
        """The answer stands in ``connection.outbox``, or ``failure`` says why not. Called from any thread."""
        self._finished.put((connection, failure))
        try:
            os.write(self._wake_fd, b"\0")
        except BlockingIOError:
            return  # The pipe is full of wake-ups already.

    def stop(self) -> None:
        """Accept no more, and let the address go to whoever comes next; turn until ``busy`` is false."""
        self._stopping = True
        self._listen(on=False)
        for listener in self._listeners:
            listener.close()
        self._sweep(time.monotonic())

    @property
    def busy(self) -> bool:
        return bool(self._connections)

    def close(self) -> None:
        """Drop every connection that no thread is working for."""
        for connection in list(self._connections):
            if connection.phase is not Phase.SERVING:
                self._drop(connection)
        self._selector.close()

    # -- accepting

    def _listen(self, *, on: bool) -> None:
        if on == self._listening:
            return
        self._listening = on
        for listener in self._listeners:
            if on:
                listener.setblocking(False)
                self._selector.register(listener, EVENT_READ, partial(self._accept, listener))
            else:
                self._selector.unregister(listener)

    def _accept(self, listener: socket) -> None:
        """One connection a turn, so that the workers who share the listener share the load."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno not in _TRY_AGAIN:
                # No file descriptor or memory left; the next sweep tries again.
                self._log.warning("cannot accept connections now: %s", errno.errorcode.get(error.errno or 0))
                self._listen(on=False)
            return
        try:
            line = self._new_line(sock)
        except OSError:
            return  # Gone already, and closed with it.
        if len(self._connections) >= self._limits.connections and not self._evict():
            self._turn_away(line)
            return
        now = time.monotonic()
        connection = Connection(
            line, client, listener.getsockname(), limits=self._limits, new_spool=self._new_spool, now=now
        )
        self._connections.add(connection)
        self._watch(connection, EVENT_READ)

    def _evict(self) -> bool:
        """Close the connection that has been kept alive unused for longest, if there is one."""
        now = time.monotonic()
        idle = [connection for connection in self._connections if connection.phase is Phase.IDLE]
        if idle:
            self._drop(max(idle, key=lambda connection: connection.waited(now)))
        return bool(idle)

    def _turn_away(self, line: Line) -> None:
        with suppress(OSError):  # Gone already.
            if line.ready:  # Else there is nothing yet in which it could be told.
                line.send(answer(Reason.FULL, formatdate(usegmt=True)))
        line.close(complete=True)

    # -- one connection

    def _watch(self, connection: Connection, events: int) -> None:
        if events == connection.watched:
            return
        if not connection.watched:
            self._selector.register(connection.line, events, partial(self._ready, connection))
        elif not events:
            self._selector.unregister(connection.line)
        else:
            self._selector.modify(connection.line, events, partial(self._ready, connection))
        connection.watched = events

    def _ready(self, connection: Connection) -> None:
        if connection not in self._connections:
            return  # Dropped earlier in this turn.
        self._guard(connection, self._step)

    def _guard(self, connection: Connection, act: Callable[[Connection, float], None]) -> None:
        now = time.monotonic()
        try:
            act(connection, now)
        except Refusal as refusal:
            self._refuse(connection, refusal.reason)
        except (EOFError, OSError):  # The peer has left, in one of the many ways TCP has for it.
            self._drop(connection)

    def _step(self, connection: Connection, now: float) -> None:
        if connection.phase is Phase.SERVING:
            self._watch(connection, 0)  # What the peer sends meanwhile waits in the kernel.
        elif connection.phase is Phase.ANSWERING:
            self._send(connection, now)
        elif connection.phase is Phase.LINGERING:
            if not connection.discard():
                self._drop(connection)
        elif connection.phase is Phase.HANDSHAKE:
            self._shake_hands(connection, now)
        else:
            self._hand_over(connection, connection.receive(now))

    def _shake_hands(self, connection: Connection, now: float) -> None:
        if not self._handshakes_left:
            return  # The selector tells of it again in the next turn.
        self._handshakes_left -= 1
        try:
            waits_for = connection.line.shake_hands()
        except ssl.SSLError as error:
            self._log.info("no TLS handshake: %s", (error.reason or "the peer left").lower())
            raise
        self._watch(connection, waits_for or EVENT_READ)
        if not waits_for:
            connection.enter(Phase.FRESH, now)
            self._hand_over(connection, connection.receive(now))

    def _hand_over(self, connection: Connection, request: WholeRequest | None) -> None:
        if request is not None:
            self._dispatch(connection, request)

    def _refuse(self, connection: Connection, reason: Reason) -> None:
        self._log.info("refused with %d: %s", reason.status, reason.name.lower())
        connection.refuse(reason, formatdate(usegmt=True))
        self._guard(connection, self._send)

    def _send(self, connection: Connection, now: float) -> None:
        if connection.outbox.flush():
            self._answered(connection, now)
        elif connection.outbox.gone:
            self._drop(connection)
        else:
            connection.enter(Phase.ANSWERING, now)
            self._watch(connection, EVENT_WRITE)

    def _answered(self, connection: Connection, now: float) -> None:
        connection.outbox.close()
        if not connection.keep:
            self._watch(connection, EVENT_READ if connection.say_goodbye(now) else EVENT_WRITE)
            return
        self._watch(connection, EVENT_READ)
        connection.enter(Phase.IDLE, now)
        self._hand_over(connection, connection.resume(now))

    def _drop(self, connection: Connection) -> None:
        self._watch(connection, 0)
        self._connections.discard(connection)
        connection.close()

    # -- what comes back from threads, and deadlines

    def _awake(self, read_fd: int) -> None:
        try:
            os.read(read_fd, 4096)
        except BlockingIOError:
            return
        while True:
            try:
                connection, failure = self._finished.get_nowait()
            except Empty:
                return
            self._come_back(connection, failure)

    def _come_back(self, connection: Connection, failure: Reason | None) -> None:
        if failure is None:
            self._guard(connection, self._send)
        elif connection.outbox.begun:
            self._drop(connection)  # Half an answer is on its way: only the closed connection tells.
        else:
            connection.outbox.close()
            self._refuse(connection, failure)

    def _sweep(self, now: float) -> None:
        for connection in list(self._connections):
            if connection.overdue(now) or (self._stopping and self._unused(connection, now)):
                self._expire(connection)
        if not self._stopping:
            self._listen(on=True)

    def _unused(self, connection: Connection, now: float) -> bool:
        return connection.phase in _WAITING and connection.waited(now) >= _STOP_IDLE_SECONDS

    def _expire(self, connection: Connection) -> None:
        if connection.unfinished:
            self._refuse(connection, Reason.TOO_SLOW)
        else:
            self._drop(connection)
