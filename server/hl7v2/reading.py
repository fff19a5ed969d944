"""From bytes to a message of a link: before it is acknowledged, and again when it is applied."""

from __future__ import annotations

from server.hl7v2.grammar.read import read
from server.hl7v2.link import Link
from server.hl7v2.message import Message
from server.hl7v2.text.head import read_head
from server.hl7v2.text.segments import read_segments


def message(payload: bytes, link: Link) -> Message:
    """The same bytes give the same message, whenever they are read.

    Raises:
        Refusal: it is none that this link may send.
    """
    lines = read_segments(payload, read_head(payload), link.character_set, link.strict)
    return read(lines.segments, lines.notes, link.strict)
