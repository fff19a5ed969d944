"""What is said to a peer: who may associate, what a message asks for, what became of an object."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime

from structlog.typing import FilteringBoundLogger

from server.dicom.dimse.command import respond
from server.dicom.dimse.service import Answer, Take, asked
from server.dicom.dimse.status import Status
from server.dicom.receive.admission import Admission, Admitted
from server.dicom.receive.connection import Connection
from server.dicom.receive.delivery import Delivery, answer_to, answer_to_failure
from server.dicom.receive.tally import Tally
from server.dicom.upper.answer import Answered, Rejection
from server.dicom.upper.association import Aborted, Commanded, Data, Event, Requested
from server.dicom.upper.negotiation import granted
from server.dicom.upper.pdu import Violation, Why
from server.dicom.upper.request import Request
from server.errors import Fault
from server.objects import Held, ObjectArrival, Outcome


class Conversation:
    """Hears events, answers by way of the association; tells the loop when a thread is needed."""

    def __init__(
        self,
        admission: Admission,
        *,
        chunk: int,
        most: int,
        clock: Callable[[], datetime],
        tally: Tally,
        log: FilteringBoundLogger,
    ) -> None:
        self._admission = admission
        self._chunk = chunk
        self._most = most
        self._clock = clock
        self._tally = tally
        self._log = log

    def hear(self, connection: Connection, event: Event, now: float) -> Delivery | None:
        """The delivery that a thread must carry on, if there is one. Raises Violation."""
        if isinstance(event, Requested):
            self._associate(connection, event.request, now)
        elif isinstance(event, Commanded):
            self._command(connection, event)
        elif isinstance(event, Data):
            return self._data(connection, event)
        elif isinstance(event, Aborted):
            self._tally.count("aborted", "by the peer")
        return None  # released and aborted: the association has seen to it

    def part(self, connection: Connection) -> None:
        """The connection is gone, however it ended."""
        if connection.admitted is not None:
            self._admission.leave(connection.admitted.seat)
            self._log.info(
                "association ended",
                peer=connection.address,
                calling=connection.calling,
                stored=connection.stored,
            )

    def carried(
        self, connection: Connection, delivery: Delivery, error: BaseException | None, outcome: Outcome | None
    ) -> None:
        """A thread has come back with what it found."""
        if error is not None:
            self._say_failure(connection, error)
            delivery.answer = answer_to_failure(error)
        elif outcome is not None:
            delivery.answer = answer_to(outcome)
            connection.stored += isinstance(outcome, Held)
            self._tally.count("objects", outcome if isinstance(outcome, Held) else outcome.category.value)
            if isinstance(outcome, Held):
                self._tally.count("bytes", number=delivery.size)
            else:
                self._refused(connection, delivery.answer)
        if delivery.ended and delivery.answer is not None:
            self._answer(connection, delivery, delivery.answer)

    # -- events

    def _associate(self, connection: Connection, request: Request, now: float) -> None:
        connection.name(request.calling, request.called)
        answer = self._admission.ask(request, connection.address, now, connection.line.shown())
        told = {"peer": connection.address, "calling": connection.calling, "called": connection.called}
        if isinstance(answer, Rejection):
            self._tally.count("associations rejected", answer.name)
            self._log.warning("association rejected", why=answer.name.lower(), **told)
            connection.association.reject(answer)
            return
        connection.admitted = answer
        self._tally.count("associations accepted")
        self._log.info("association accepted", **told)
        connection.association.accept(request, answer.contexts, granted(request.roles))

    def _command(self, connection: Connection, event: Commanded) -> None:
        wanted = asked(event.context.sop_class, event.command)
        if wanted is None:
            if event.command.has_data:
                raise Violation(Why.UNEXPECTED_PDU)
            return
        arrival = None
        if isinstance(wanted, Take):
            arrival = self._arrival(connection, event.context, wanted)
        delivery = Delivery(event.context, event.command, arrival=arrival, most=self._most_of(connection))
        if isinstance(wanted, Answer):
            delivery.answer = wanted
            if not event.command.has_data:
                self._answer(connection, delivery, wanted)
                return
        connection.delivery = delivery

    def _data(self, connection: Connection, event: Data) -> Delivery | None:
        delivery = connection.delivery
        if delivery is None:
            raise Violation(Why.UNEXPECTED_PDU)
        delivery.take(event.data, last=event.last)
        if delivery.too_large:
            text = "the object is larger than this server takes"
            delivery.answer = Answer(Status.OUT_OF_RESOURCES, text)
            self._answer(connection, delivery, delivery.answer)
            connection.delivery = delivery  # what is there of it has to go
            connection.association.abort(None)
            return None
        if delivery.answer is not None:
            if event.last:
                self._answer(connection, delivery, delivery.answer)
            return None
        return delivery if event.last or len(delivery.waiting) >= self._chunk else None

    def _answer(self, connection: Connection, delivery: Delivery, answer: Answer) -> None:
        connection.delivery = None
        connection.association.reply(delivery.context, respond(delivery.command, answer.status, answer.text))
        if delivery.size and answer.status is not Status.SUCCESS:
            self._tally.count("answers", f"{answer.status:04x}")

    # -- words

    def _arrival(self, connection: Connection, context: Answered, take: Take) -> ObjectArrival:
        return ObjectArrival(
            calling_ae=connection.calling,
            called_ae=connection.called,
            peer=connection.address,
            sop_class=take.sop_class,
            sop_instance=take.sop_instance,
            syntax=context.syntax,
            received_at=self._clock(),
            originator=take.originator,
        )

    def _most_of(self, connection: Connection) -> int:
        admitted = connection.admitted
        narrowed = admitted.rules.max_object if isinstance(admitted, Admitted) else None
        return self._most if narrowed is None else narrowed

    def _refused(self, connection: Connection, answer: Answer) -> None:
        self._log.warning(
            "object refused",
            peer=connection.address,
            calling=connection.calling,
            status=f"{answer.status:04x}",
            why=answer.text,
        )

    def _say_failure(self, connection: Connection, error: BaseException) -> None:
        if isinstance(error, Fault):
            self._tally.count("objects", error.category.value)
            self._refused(connection, answer_to_failure(error))
            return
        # Where and what kind, never the message: it may quote the object.
        frames = "".join(traceback.format_tb(error.__traceback__))
        self._tally.count("objects failed")
        self._tally.count("objects failed", type(error).__name__)
        self._log.error("an object could not be stored", error=type(error).__name__, where=frames)
