"""What is said to a peer: who may associate, what a message asks for, what became of an object."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime

from structlog.typing import FilteringBoundLogger

from server.dicom.dimse.command import respond
from server.dicom.dimse.service import Answer, Ask, Take, asked
from server.dicom.dimse.status import Status
from server.dicom.limits import Limits
from server.dicom.receive.admission import Admission, Admitted
from server.dicom.receive.connection import Connection
from server.dicom.receive.delivery import Delivery, answer_to, answer_to_failure
from server.dicom.receive.operation import Asking, Operation, Operations
from server.dicom.rights import Right
from server.dicom.upper.answer import Answered, Rejection
from server.dicom.upper.association import Aborted, Commanded, Data, Event, Requested
from server.dicom.upper.negotiation import COMMITMENT
from server.dicom.upper.pdu import Violation, Why
from server.dicom.upper.request import Request
from server.errors import Fault
from server.objects import Held, ObjectArrival, Outcome
from server.tally import Tally


class Conversation:
    """Hears events, answers by way of the association; tells the loop when a thread is needed."""

    def __init__(
        self,
        admission: Admission,
        *,
        operations: Operations,
        limits: Limits,
        clock: Callable[[], datetime],
        tally: Tally,
        log: FilteringBoundLogger,
    ) -> None:
        self._admission = admission
        self._operations = operations
        self._limits = limits
        self._clock = clock
        self._tally = tally
        self._log = log

    def hear(self, connection: Connection, event: Event, now: float) -> Delivery | Operation | None:
        """What a thread must carry on, if there is anything. Raises Violation."""
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

    def broke(self, connection: Connection, error: BaseException) -> None:
        """An operation has failed in a way that was not thought of; who knows what the peer has of it."""
        self._say_failure(connection, error, "a request could not be answered")
        connection.association.abort(None)

    def out_of_turn(self, connection: Connection) -> None:
        """The peer says something else where it has to answer."""
        self._tally.count("aborted", Why.UNEXPECTED_PDU.name)
        self._log.info("aborted", peer=connection.address, why=Why.UNEXPECTED_PDU.name)
        connection.association.abort(Why.UNEXPECTED_PDU)

    def answered(self, connection: Connection, operation: Operation, now: float) -> None:
        """Refusals are told to auditors: who asks on and on for what it may not fills no disk with them."""
        self._tally.count("operations", str(operation.told["status"]))
        self._log.info("answered", peer=connection.address, calling=connection.calling, **operation.told)
        if operation.refused and not self._admission.bears(connection.address, now):
            self._tally.count("aborted", "too many refusals")
            self._log.warning("aborted", peer=connection.address, why="too many refusals")
            connection.association.abort(None)

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
        connection.association.accept(request, answer.contexts, answer.roles)

    def _command(self, connection: Connection, event: Commanded) -> None:
        wanted = asked(event.context.sop_class, event.command)
        if wanted is None:
            if event.command.has_data:
                raise Violation(Why.UNEXPECTED_PDU)
            return
        wanted = self._permitted(connection, wanted)
        delivery = self._delivery(connection, event, wanted)
        if isinstance(wanted, Answer):
            delivery.answer = wanted
            if not event.command.has_data:
                self._answer(connection, delivery, wanted)
                return
        connection.delivery = delivery

    def _permitted(self, connection: Connection, wanted: Answer | Take | Ask) -> Answer | Take | Ask:
        """Archives report on what we have sent them, whatever else they may do."""
        admitted = connection.admitted
        rights = admitted.rights if admitted is not None else frozenset()
        if isinstance(wanted, Take) and wanted.sop_class != COMMITMENT and Right.STORE not in rights:
            return Answer(Status.NOT_AUTHORIZED, "this peer may not store here")
        return wanted

    def _delivery(self, connection: Connection, event: Commanded, wanted: Answer | Take | Ask) -> Delivery:
        if isinstance(wanted, Ask):
            return Delivery(event.context, event.command, ask=wanted, most=self._limits.identifier_bytes)
        arrival = self._arrival(connection, event.context, wanted) if isinstance(wanted, Take) else None
        return Delivery(event.context, event.command, arrival=arrival, most=self._most_of(connection))

    def _data(self, connection: Connection, event: Data) -> Delivery | Operation | None:
        delivery = connection.delivery
        if delivery is None:
            raise Violation(Why.UNEXPECTED_PDU)
        delivery.take(event.data, last=event.last)
        if delivery.too_large and delivery.ask is not None:
            delivery.refuse(Answer(Status.CANNOT_UNDERSTAND, "an identifier has 64 KiB at most"))
        elif delivery.too_large:
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
        if delivery.ask is not None:
            return self._begun(connection, delivery) if event.last else None
        return delivery if event.last or len(delivery.waiting) >= self._limits.chunk_bytes else None

    def _begun(self, connection: Connection, delivery: Delivery) -> Operation | None:
        admitted, connection.delivery = connection.admitted, None
        if admitted is None:
            return None
        asking = Asking(
            context=delivery.context,
            command=delivery.command,
            identifier=bytes(delivery.waiting),
            calling=connection.calling,
            called=connection.called,
            address=connection.address,
            rights=admitted.rights,
            peers=admitted.peers,
            peer_max=connection.association.peer_max,
            takes=admitted.takes,
            at=self._clock(),
        )
        return self._operations.begin(asking)

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
            operation=take.operation,
        )

    def _most_of(self, connection: Connection) -> int:
        admitted = connection.admitted
        narrowed = admitted.rules.max_object if isinstance(admitted, Admitted) else None
        return self._limits.object_bytes if narrowed is None else narrowed

    def _refused(self, connection: Connection, answer: Answer) -> None:
        self._log.warning(
            "object refused",
            peer=connection.address,
            calling=connection.calling,
            status=f"{answer.status:04x}",
            why=answer.text,
        )

    def _say_failure(
        self, connection: Connection, error: BaseException, what: str = "an object could not be stored"
    ) -> None:
        if isinstance(error, Fault):
            self._tally.count("objects", error.category.value)
            self._refused(connection, answer_to_failure(error))
            return
        # Where and what kind, never the message: it may quote the object.
        frames = "".join(traceback.format_tb(error.__traceback__))
        self._tally.count("objects failed")
        self._tally.count("objects failed", type(error).__name__)
        self._log.error(what, error=type(error).__name__, where=frames)
