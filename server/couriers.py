"""Which courier takes a document: by its destination's name; and how one room's line serves another."""
# ruff: noqa: PLC0415 - who has no archive waits for no DICOM

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from server.fhir.line import LARGEST_ANSWER, Line, Question, connect
from server.fhir.proof import refusal
from server.fhir.smart.logins import Logins
from server.hl7v2.send.courier import MllpCourier
from server.model import Destination, Document, Hl7Destination, PacsDestination, Receipt
from server.ports import Commitments, Courier, Undelivered, WebLine


@dataclass(frozen=True, slots=True)
class Couriers:
    """What is no FHIR server has a courier of its own."""

    fhir: Courier
    others: Mapping[str, Courier]
    """By the destination's name."""

    def deliver(self, document: Document, attempt: int) -> Receipt:
        return self.others.get(document.destination, self.fhir).deliver(document, attempt)

    def beside(self, courier: Courier, names: Iterable[str]) -> Couriers:
        """The same, and one more, for these."""
        return replace(self, others={**self.others, **dict.fromkeys(names, courier)})


@dataclass(frozen=True, slots=True)
class WebQuestions:
    """``server.ports.WebLine`` over the line of the FHIR room."""

    line: Line

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, expected: Collection[int]
    ) -> tuple[int, bytes]:
        try:
            answer = self.line.ask(Question(method, path, headers, body))
        except Undelivered as failure:
            failure.untouched = not self.line.spoken
            raise
        if answer.status not in expected:
            raise refusal(answer)
        return answer.status, answer.body


def web_lines(
    logins: Logins, largest: int = LARGEST_ANSWER
) -> Callable[[Destination], AbstractContextManager[WebLine]]:
    """``largest``: bytes of one answer."""

    @contextmanager
    def web(destination: Destination) -> Iterator[WebLine]:
        with Line(destination, connect(destination), logins.for_line(destination), largest=largest) as line:
            yield WebQuestions(line)

    return web


def with_archives(
    couriers: Couriers,
    archives: Collection[PacsDestination],
    commitments: Commitments,
    logins: Logins,
    now: Callable[[], datetime],
) -> Couriers:
    """These couriers, and one for archives beside them."""
    from server.dicom.send.courier import PacsCourier

    courier = PacsCourier(tuple(archives), commitments, web_lines(logins), now)
    return couriers.beside(courier, (each.name for each in archives))


def with_receivers(couriers: Couriers, receivers: Collection[Hl7Destination]) -> Couriers:
    """These couriers, and one for whoever is told in HL7 v2 beside them."""
    return couriers.beside(MllpCourier(tuple(receivers)), (each.name for each in receivers))
