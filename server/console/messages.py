"""A message as people and programs are told of it: never what it says."""

from __future__ import annotations

from typing import Any

from server.messages import Message
from server.times import instant


def told(message: Message) -> dict[str, Any]:
    """The row of a list."""
    return {
        "message": message.id,
        "received": instant(message.received_at),
        "link": message.link,
        "sender": message.sender,
        "control_id": message.control_id,
        "kind": message.kind,
        "version": message.version,
        "standing": message.standing.value,
        "attempts": message.attempts,
        "again": None if message.due_at is None else instant(message.due_at),
        "reasons": list(message.reasons),
        "notes": [*message.notes, *(["control-id-reused"] if message.reused else [])],
    }


def line(row: dict[str, Any]) -> str:
    """One line of text."""
    known = f"{row['link']}  {row['kind']}  {row['control_id']}"
    return f"{row['received']}  {row['message']}  {row['standing']:<9}  {known}"
