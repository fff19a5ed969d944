"""The DICOM door's part of /metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric

from server.counting import Told
from server.door_metrics import DoorMetrics


def of_dicom(told: Told, at: datetime) -> Iterator[Metric]:
    """``at``: now."""
    door = DoorMetrics("dicom", told, at)
    yield door.up("1 while listeners take associations.")
    yield door.standing("associations", "Associations that stand.")
    answers = {"associations accepted": "accepted"} | door.named("associations rejected ")
    yield door.labelled("associations", "answer", "Associations asked for, by the answer.", answers)
    yield door.labelled("aborts", "reason", "Associations that were aborted.", door.named("aborted "))
    yield door.labelled("objects", "outcome", "Objects by what became of them.", door.named("objects "))
    yield door.counter("bytes", "Bytes of objects that are held.", "bytes")
    yield door.counter(
        "handshakes_failed", "TLS handshakes that did not come to an end.", "handshakes failed"
    )
    yield door.seconds("durable_seconds", "From the last byte of an object to its being durable.")
