"""One object on its way from a socket to the store: held in memory by the loop, carried on by threads."""

from __future__ import annotations

import errno

from server.dicom.dimse.command import Command
from server.dicom.dimse.service import Answer, Ask
from server.dicom.dimse.status import Status, status_of
from server.dicom.upper.answer import Answered
from server.errors import Fault
from server.objects import Held, Holding, ObjectArrival, Outcome, Receiving, Refused


class Delivery:
    """What follows a request: an object or an identifier that is wanted, or bytes to be thrown away."""

    def __init__(
        self,
        context: Answered,
        command: Command,
        *,
        arrival: ObjectArrival | None = None,
        ask: Ask | None = None,
        most: int,
    ) -> None:
        self.context = context
        self.ask = ask
        """What is asked by the identifier that follows, when it is no object."""
        self.command = command
        self.answer: Answer | None = None
        """Known once it is refused, or carried to its end."""
        self.waiting = bytearray()
        """Has come, and is not written."""
        self.size = 0
        self.ended = False
        """The last byte has come."""
        self.ended_at = 0.0
        """When a thread was given it."""
        self._arrival = arrival
        self._most = most
        self._receiving: Receiving | None = None

    @property
    def too_large(self) -> bool:
        return self.size > self._most

    def take(self, data: memoryview, *, last: bool) -> None:
        self.size += len(data)
        self.ended = last
        if self.answer is None:
            self.waiting += data

    def refuse(self, answer: Answer) -> None:
        """What has come and what still comes is not wanted."""
        self.answer = answer
        self.waiting.clear()

    # -- in a thread, one at a time

    def carry(self, holding: Holding, data: bytearray, *, last: bool) -> Outcome | None:
        """Write ``data``; after the last of it, make the object durable. Raises what the store raises."""
        try:
            if self._receiving is None and self._arrival is not None:
                self._receiving = holding.begin(self._arrival)
            if self._receiving is None:
                return None
            self._receiving.write(data)
            return self._receiving.finish() if last else None
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        if self._receiving is not None:
            self._receiving.abandon()
            self._receiving = None


def answer_to(outcome: Outcome) -> Answer:
    if isinstance(outcome, Held):
        return Answer(Status.SUCCESS)
    status = Status(outcome.status) if outcome.status else status_of(outcome.category)
    return Answer(status, outcome.text)


def answer_to_failure(error: BaseException) -> Answer:
    """What the peer is told of it; the rest of what is known belongs into our log."""
    if isinstance(error, Fault):
        return answer_to(Refused(error.category, str(error)))
    if isinstance(error, OSError):
        return Answer(Status.OUT_OF_RESOURCES, "the object could not be written; try again later")
    return Answer(Status.PROCESSING_FAILURE, "this server failed; its log says where")


def is_final(error: BaseException) -> bool:
    """After EIO nobody knows what of all that was written is there: only a new start may look."""
    return isinstance(error, OSError) and error.errno == errno.EIO
