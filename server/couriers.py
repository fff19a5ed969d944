"""Which courier takes a document: by its destination's name; and how one room's line serves another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

from server.dicom.send.courier import PacsCourier
from server.fhir.line import LARGEST_ANSWER, Line, Question, connect
from server.fhir.proof import refusal
from server.fhir.smart.logins import Logins
from server.model import Destination, Document, PacsDestination, Receipt
from server.ports import Commitments, Courier, Undelivered, WebLine


@dataclass(frozen=True, slots=True)
class Couriers:
    """Archives have one of their own; everything else is a FHIR server."""

    fhir: Courier
    archive: Courier
    archives: frozenset[str]

    def deliver(self, document: Document, attempt: int) -> Receipt:
        courier = self.archive if document.destination in self.archives else self.fhir
        return courier.deliver(document, attempt)


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
    fhir: Courier,
    archives: Collection[PacsDestination],
    commitments: Commitments,
    logins: Logins,
    now: Callable[[], datetime],
) -> Couriers:
    """The FHIR courier, and one for these archives beside it."""
    courier = PacsCourier(tuple(archives), commitments, web_lines(logins), now)
    return Couriers(fhir, courier, frozenset(each.name for each in archives))
