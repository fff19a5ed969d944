"""Delivers messages to systems that speak HL7 v2 until these acknowledge them.

Sending is never certain to have failed. What is sent again is the very same bytes under the same MSH-10, by
which the other side knows it; the statements in it have numbers of their own that do not change either.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.errors import Category
from server.hl7v2.pens.characters import decoded
from server.hl7v2.send.exchange import Exchange
from server.hl7v2.send.line import MllpLine
from server.model import Document, Hl7Destination, Receipt
from server.ports import Undelivered

MEDIA_TYPE = "application/hl7-v2"
_WISHES, _NONE = slice(14, 16), ["NE", "NE"]
_CONTROL = 9
"""MSH-10: the first field is the separator."""


class MllpCourier:
    """Knows the configured systems; dials nothing else. Holds one connection to each."""

    def __init__(self, destinations: Sequence[Hl7Destination]) -> None:
        self._destinations = {each.name: each for each in destinations}
        self._lines = {each.name: MllpLine(each) for each in destinations}

    def deliver(self, document: Document, attempt: int = 1) -> Receipt:
        """Prove that the system has the message.

        Raises:
            Undelivered: UNAVAILABLE passes by itself; everything else waits for a person.
        """
        del attempt  # nothing can be looked up there: what is sent again says by itself that it is the same
        destination = self._destinations.get(document.destination)
        if destination is None:
            text = "no such system is configured"
            raise Undelivered(Category.NOT_FOUND, "not-found", text, untouched=True)
        if document.media_type != MEDIA_TYPE:
            text = "the document is no HL7 v2 message, and the system takes nothing else"
            raise Undelivered(Category.UNPROCESSABLE, "not-supported", text, untouched=True)
        head = decoded(document.content).split("\r", 1)[0].split("|")
        exchange = Exchange(head[_CONTROL], destination.terms, unanswered=head[_WISHES] == _NONE)
        return self._lines[document.destination].send(document.content, exchange)

    def close(self) -> None:
        for each in self._lines.values():
            each.close()
