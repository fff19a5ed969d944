"""Communication: a word of this server to people about a result (R4 communication.html)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence
from server.fhir.pens.datatypes import Json, concept, token
from server.model import Coding
from server.times import instant


@dataclass(frozen=True, slots=True)
class Message:
    """What is told; nothing in it says what anybody has found."""

    what: str
    """What it is minted under."""
    category: Coding
    priority: str
    """R4 request-priority: how urgent."""
    text: str
    to: Sequence[tuple[str, str]]
    """(``Type/id`` at our door, or nothing, and in words)."""


def message_bundle(letter: Correspondence, message: Message, now: datetime) -> Json:
    """A create on the condition that it is not there: sending it twice tells it once."""
    unless = token("identifier", terms.MESSAGE, letter.minted(message.what))
    entry = {
        "fullUrl": letter.urn(message.what),
        "resource": write_message(letter, message, now),
        "request": {"method": "POST", "url": "Communication", "ifNoneExist": unless},
    }
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}


def write_message(letter: Correspondence, message: Message, now: datetime) -> Json:
    recipients = [letter.reference(key, words) if key else {"display": words} for key, words in message.to]
    return {
        "resourceType": "Communication",
        "identifier": [letter.label(terms.MESSAGE, message.what)],
        "status": "completed",
        "category": [concept(message.category)],
        "priority": message.priority,
        "subject": letter.subject(),
        "about": [letter.placed()],
        "sent": instant(now),
        "recipient": [each for each in recipients if each is not None],
        "sender": letter.operator.reference(),
        "payload": [{"contentString": message.text}],
    }
