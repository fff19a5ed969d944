"""The HL7 v2 door's part of /metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric

from server.counting import Told
from server.door_metrics import DoorMetrics


def of_mllp(told: Told, at: datetime) -> Iterator[Metric]:
    """``at``: now."""
    door = DoorMetrics("mllp", told, at)
    yield door.up("1 while listeners take messages.")
    yield door.standing("connections", "Connections that stand.")
    answers = {"connections accepted": "accepted"} | door.named("connections refused ")
    yield door.labelled("connections", "answer", "Connections, by whether they were let in.", answers)
    ends = door.named("connections ended ")
    yield door.labelled("ends", "reason", "Connections that were ended by this side.", ends)
    yield door.labelled("messages", "outcome", "Messages by what became of them.", door.named("messages "))
    yield door.counter("bytes", "Bytes of messages that were heard.", "bytes")
    yield door.counter(
        "handshakes_failed", "TLS handshakes that did not come to an end.", "handshakes failed"
    )
    yield door.seconds("answer_seconds", "From the last byte of a message to its answer being made.")
