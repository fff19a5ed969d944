"""What the listeners of a door have told, as metrics: names and labels are fixed, none is of a peer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from server.counting import BUCKETS, Told

_STALE_SECONDS = 15.0


class DoorMetrics:
    """Of one door, at one moment."""

    def __init__(self, door: str, told: Told, at: datetime) -> None:
        """``at``: now; what was not written lately was written by a door that is closed."""
        self._prefix = f"second_reader_{door}"
        self._told = told
        self._fresh = at.timestamp() - told.at < _STALE_SECONDS

    def up(self, text: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"{self._prefix}_up", text, value=int(self._fresh))

    def standing(self, what: str, text: str) -> GaugeMetricFamily:
        value = self._told.seats if self._fresh else 0
        return GaugeMetricFamily(f"{self._prefix}_{what}", text, value=value)

    def named(self, prefix: str) -> dict[str, str]:
        """Name of a count -> its label."""
        return {name: name.removeprefix(prefix) for name in self._told.counts if name.startswith(prefix)}

    def labelled(self, what: str, label: str, text: str, names: Mapping[str, str]) -> CounterMetricFamily:
        """``names``: as ``named`` gives them."""
        made = CounterMetricFamily(f"{self._prefix}_{what}", text, labels=[label])
        for name, value in names.items():
            made.add_metric([value], self._told.counts.get(name, 0))
        return made

    def counter(self, what: str, text: str, name: str) -> CounterMetricFamily:
        value = self._told.counts.get(name, 0)
        return CounterMetricFamily(f"{self._prefix}_{what}", text, value=value)

    def seconds(self, what: str, text: str) -> HistogramMetricFamily:
        bounds = [*(str(each) for each in BUCKETS), "+Inf"]
        return HistogramMetricFamily(
            f"{self._prefix}_{what}",
            text,
            buckets=list(zip(bounds, accumulate(self._told.times), strict=True)),
            sum_value=self._told.seconds,
        )
