"""Delivers write-ups to FHIR servers until it is proven that they hold them.

Sending is never certain to have failed: a time-out may come after the commit. So before a
repeat, and after 412, the courier looks first, and what it sends may be sent twice (R4
http.html, conditional create and update).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.errors import Category
from server.fhir.line import Connect, Line, Question, connect
from server.fhir.lookup import Sought, matches, sought, there
from server.fhir.partner.asking import GIVEN_UP, page
from server.fhir.partner.upon import upon, whole
from server.fhir.proof import Answer, judge, refusal
from server.fhir.smart.logins import Logins
from server.model import Destination, Document, Receipt
from server.ports import Resource, Undelivered


class FhirCourier:
    """Knows the configured destinations; dials nothing else."""

    def __init__(
        self, destinations: Sequence[Destination], logins: Logins, connect: Connect = connect
    ) -> None:
        self._destinations = {each.name: each for each in destinations}
        self._logins = logins
        self._connect = connect

    def deliver(self, document: Document, attempt: int = 1) -> Receipt:
        """Prove that the destination holds the document. ``attempt`` counts from 1.

        Raises:
            Undelivered: BUSY and UNAVAILABLE pass by themselves (``retry_after`` may say when);
                FORBIDDEN, UNPROCESSABLE, CONFLICT and NOT_FOUND wait for a person.
        """
        destination = self._destinations.get(document.destination)
        if destination is None:
            raise Undelivered(Category.NOT_FOUND, "not-found", "no such destination is configured")
        things: Sequence[Sought] = sought(document)
        authorize = self._logins.for_line(destination)
        with Line(destination, self._connect(destination), authorize) as line:
            receipt = _look(line, things) if attempt > 1 else None
            if receipt is None and destination.polling is not None:
                document, things = _upon_theirs(line, destination.base, document, things)
                receipt = None if things else Receipt(200, (), "given up")
            return receipt or _send(line, document, things)


def _upon_theirs(
    line: Line, base: str, document: Document, things: Sequence[Sought]
) -> tuple[Document, Sequence[Sought]]:
    """Where the Task is the partner's own, what stands on it now is kept, and changed with If-Match.

    One that its placer has given up is left out: nobody waits for it.
    """
    left = []
    for each in things:
        current = _theirs(line, base, each) if each.is_placed_task else None
        if current is not None:
            document = replace(document, content=upon(document.content, each.condition, current))
        if current is None or current["status"] not in GIVEN_UP:
            left.append(each)
    return document, left


def _theirs(line: Line, base: str, each: Sought) -> Resource | None:
    """The one Task that it is about, in full; None when it is not there."""
    answer = line.ask(Question("GET", each.path, {"Prefer": "handling=strict"}))
    ids = {match.id for match in matches(answer, each) or ()}
    found = [task for task in page(answer, base).resources if task["id"] in ids and whole(task)]
    return found[0] if len(found) == 1 else None


def _send(line: Line, document: Document, things: Sequence[Sought]) -> Receipt:
    answer = _post(line, document)
    if answer.status == 412:
        # A condition matched more than one, or another writer was faster: looking tells which.
        receipt = _look(line, things)
        if receipt is not None:
            return receipt
        answer = _post(line, document)
    return judge(answer, len(things))


def _post(line: Line, document: Document) -> Answer:
    headers = {"Content-Type": document.media_type, "Prefer": "return=minimal"}
    return line.ask(Question("POST", "", headers, document.content))


def _look(line: Line, things: Sequence[Sought]) -> Receipt | None:
    """The receipt when everything is there exactly once; None when something is not."""
    locations = [_find(line, each) for each in things]
    present = tuple(location for location in locations if location is not None)
    return Receipt(200, present, "found") if len(present) == len(things) else None


def _find(line: Line, each: Sought) -> str | None:
    """A search that is refused tells nothing; then sending again is still harmless."""
    answer = line.ask(Question("GET", each.path, {"Prefer": "handling=strict"}))
    if not 200 <= answer.status < 300:
        problem = refusal(answer)
        if problem.category is not Category.UNPROCESSABLE:
            raise problem
        return None
    found = matches(answer, each)
    return None if found is None else there(found, each)
