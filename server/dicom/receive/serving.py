"""Answers in pieces: when the next one is made, where it goes, what is heard meanwhile. Part of the loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector

from server.dicom.limits import Limits
from server.dicom.pace import Phase
from server.dicom.receive.connection import Connection
from server.dicom.receive.conversation import Conversation
from server.dicom.receive.operation import Lost, Operation, Portion
from server.dicom.receive.outward import Outward
from server.dicom.upper.association import Event
from server.hands import Hands


class Serving:
    """``watch`` a connection for events, and ``advance`` it: both are the loop's."""

    def __init__(
        self,
        hands: Hands,
        selector: BaseSelector,
        conversation: Conversation,
        limits: Limits,
        *,
        watch: Callable[[Connection, int], None],
        advance: Callable[[Connection], None],
    ) -> None:
        self._hands = hands
        self._selector = selector
        self._conversation = conversation
        self._limits = limits
        self._watch = watch
        self._advance = advance

    def hear(self, connection: Connection, event: Event) -> None:
        """While an operation is under way: it is for that, or has to wait."""
        if connection.operation is not None and connection.operation.hear(event):
            self._news(connection)
        else:
            connection.deferred = event

    def serve(self, connection: Connection, now: float) -> None:
        """The next piece of an answer is made when the one before it is gone. Raises OSError."""
        operation, outward = connection.operation, connection.outward
        heard = EVENT_READ if connection.hears else 0
        if operation is None:
            return
        if not connection.flush():
            connection.enter(Phase.ANSWERING, now)
            self._watch(connection, heard | EVENT_WRITE)
            return
        self._watch(connection, heard)
        if connection.phase is Phase.WORKING:
            return
        if connection.portion.ended:
            self.end(connection)
            self._conversation.answered(connection, operation, now)
            connection.enter(Phase.IDLE, now)
            self._advance(connection)
        elif outward is not None and (outward.busy or connection.portion.waits):
            connection.enter(Phase.ELSEWHERE, now)
        elif connection.portion.waits and connection.deferred is not None:
            # What is waited for could only come behind it, where it is never read.
            self._conversation.out_of_turn(connection)
            self._advance(connection)
        elif connection.portion.waits:
            connection.enter(Phase.AWAITING, now)
        else:
            connection.enter(Phase.WORKING, now)
            connection.news = False
            self._hands.give(operation.carry, partial(self._made, connection, operation))

    def end(self, connection: Connection) -> None:
        """However it has ended; a thread that is at work for it sees to its files itself."""
        operation, connection.operation = connection.operation, None
        outward, connection.outward = connection.outward, None
        if outward is not None:
            outward.close()
        if operation is not None and connection.phase is not Phase.WORKING:
            self._hands.leave(operation.close)

    def _made(self, connection: Connection, operation: Operation, done: Future[Portion]) -> None:
        if connection.operation is not operation:
            self._hands.leave(operation.close)
            return
        connection.enter(Phase.ANSWERING, time.monotonic())
        error = done.exception()
        if error is not None:
            self._conversation.broke(connection, error)
        else:
            self._send(connection, operation, done.result())
        self._advance(connection)

    def _send(self, connection: Connection, operation: Operation, portion: Portion) -> None:
        connection.portion = portion
        connection.association.outgoing += portion.pdus
        if portion.dial is not None:
            heard = partial(self._elsewhere, connection, operation)
            try:
                connection.outward = Outward(portion.dial, self._selector, self._limits, heard)
            except OSError:  # no file descriptor is left
                operation.hear_elsewhere(Lost(), 0)
                connection.news = True
        elif portion.elsewhere and connection.outward is not None:
            connection.outward.send(portion.elsewhere)
        if connection.news:
            self._news(connection)

    def _news(self, connection: Connection) -> None:
        """The operation waits no longer for it."""
        connection.news = True
        connection.portion = replace(connection.portion, waits=False)

    def _elsewhere(self, connection: Connection, operation: Operation, event: Event | Lost | None) -> None:
        """``None``: what was to go there is gone."""
        outward = connection.outward
        if connection.operation is not operation or outward is None:
            return
        if event is not None:
            operation.hear_elsewhere(event, outward.longest)
            self._news(connection)
        if isinstance(event, Lost):
            connection.outward = None
        self._advance(connection)
