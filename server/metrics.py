"""What /metrics tells, counted from the store at each scrape: the same from every process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from server.case import State, public_state
from server.clock import now
from server.store.deliveries import Deliveries
from server.store.ledger import Ledger

_LATE = timedelta(seconds=60)


class _Counts(Collector):
    def __init__(self, ledger: Ledger, deliveries: Deliveries) -> None:
        self._ledger = ledger
        self._deliveries = deliveries

    def collect(self) -> Iterator[GaugeMetricFamily]:
        cases = GaugeMetricFamily(
            "second_reader_cases", "Cases by state; states under seal count as compared.", labels=["state"]
        )
        for state, count in sorted(self._cases().items()):
            cases.add_metric([state], count)
        yield cases
        deliveries = GaugeMetricFamily("second_reader_deliveries", "Deliveries by state.", labels=["state"])
        for state, count in sorted(self._deliveries.counts().items()):
            deliveries.add_metric([state], count)
        yield deliveries
        yield GaugeMetricFamily(
            "second_reader_cases_late",
            "Cases due for more than a minute that no worker has taken up.",
            value=self._ledger.overdue(now(), _LATE),
        )

    def _cases(self) -> Counter[str]:
        shown: Counter[str] = Counter()
        for state, count in self._ledger.counts().items():
            shown[str(public_state(State(state)))] += count
        return shown


def exposition(ledger: Ledger, deliveries: Deliveries) -> bytes:
    """The metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Counts(ledger, deliveries))
    return generate_latest(registry)
