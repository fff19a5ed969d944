"""The DICOM door's part of /metrics: names and labels are fixed, nothing of a peer or patient is in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from server.counting import BUCKETS, Told

_STALE_SECONDS = 15.0


def of_dicom(told: Told, at: datetime) -> Iterator[Metric]:
    """``at``: now; what was not written lately was written by a door that is closed."""
    fresh = at.timestamp() - told.at < _STALE_SECONDS
    up = "1 while listeners take associations."
    yield GaugeMetricFamily("second_reader_dicom_up", up, value=int(fresh))
    yield GaugeMetricFamily(
        "second_reader_dicom_associations", "Associations that stand.", value=told.seats if fresh else 0
    )
    yield _counter(told, "associations", "answer", "Associations asked for, by the answer.", {
        "associations accepted": "accepted",
    } | _named(told, "associations rejected "))  # fmt: skip
    yield _counter(told, "aborts", "reason", "Associations that were aborted.", _named(told, "aborted "))
    yield _counter(told, "objects", "outcome", "Objects by what became of them.", _named(told, "objects "))
    yield CounterMetricFamily(
        "second_reader_dicom_bytes", "Bytes of objects that are held.", value=told.counts.get("bytes", 0)
    )
    yield CounterMetricFamily(
        "second_reader_dicom_handshakes_failed",
        "TLS handshakes that did not come to an end.",
        value=told.counts.get("handshakes failed", 0),
    )
    bounds = [*(str(each) for each in BUCKETS), "+Inf"]
    yield HistogramMetricFamily(
        "second_reader_dicom_durable_seconds",
        "From the last byte of an object to its being durable.",
        buckets=list(zip(bounds, accumulate(told.times), strict=True)),
        sum_value=told.seconds,
    )


def _named(told: Told, prefix: str) -> dict[str, str]:
    """Name of a count -> its label."""
    return {name: name.removeprefix(prefix) for name in told.counts if name.startswith(prefix)}


def _counter(told: Told, what: str, label: str, text: str, names: dict[str, str]) -> CounterMetricFamily:
    made = CounterMetricFamily(f"second_reader_dicom_{what}", text, labels=[label])
    for name, value in names.items():
        made.add_metric([value], told.counts.get(name, 0))
    return made
