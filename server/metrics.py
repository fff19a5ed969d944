"""What /metrics tells: counted from the store at each scrape, of its doors as their listeners tell.

The same from every process of a machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.case import State, public_state
from server.clock import now
from server.counting import Told
from server.dicom_metrics import of_dicom
from server.gatekeeping import Gatekeeper
from server.mllp_metrics import of_mllp
from server.store.deliveries import Deliveries
from server.store.inbox import MessageStore
from server.store.ledger import Ledger
from server.store.partners import PartnerRow

_LATE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Doors:
    """What listeners of this machine have told; None: there were none."""

    dicom: Told | None = None
    mllp: Told | None = None


NONE = Doors()
NOT_DOUBLED: Mapping[str, bool] = {}
NO_DRIFT: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at beside the queues."""

    doubled: Mapping[str, bool]
    gatekeepers: Sequence[Gatekeeper]
    assessments: tuple[int, int] | None
    drifting: Mapping[str, int]


class _Counts(Collector):
    def __init__(
        self,
        queues: tuple[Ledger, Deliveries, MessageStore],
        partners: Sequence[PartnerRow],
        doors: Doors,
        watched: Watched,
    ) -> None:
        self._watched = watched
        self._doors = doors
        self._ledger, self._deliveries, self._inbox = queues
        self._partners = partners

    def collect(self) -> Iterator[Metric]:
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

        messages = GaugeMetricFamily(
            "second_reader_messages",
            "HL7 v2 messages that are not applied, by standing.",
            labels=["standing"],
        )
        for standing, count in sorted(self._inbox.counts().items()):
            messages.add_metric([standing.value], count)
        yield messages
        waiting = self._inbox.oldest_waiting()
        yield GaugeMetricFamily(
            "second_reader_message_waiting_seconds",
            "For how long the message has waited that has waited longest.",
            value=0 if waiting is None else max(0.0, (now() - waiting).total_seconds()),
        )
        doubled = GaugeMetricFamily(
            "second_reader_double_reading",
            "1 while the switch lets two humans read every case of a question.",
            labels=["question"],
        )
        for question, on in sorted(self._watched.doubled.items()):
            doubled.add_metric([question], on)
        yield doubled
        yield from self._of_assessments()
        yield self._of_drift()
        yield from self._of_gatekeepers()
        yield from self._of_partners()
        if self._doors.dicom is not None:
            yield from of_dicom(self._doors.dicom, now())
        if self._doors.mllp is not None:
            yield from of_mllp(self._doors.mllp, now())

    def _of_assessments(self) -> Iterator[GaugeMetricFamily]:
        if self._watched.assessments is None:
            return
        owed = GaugeMetricFamily(
            "second_reader_assessments",
            "Assessments that patients wait for, and those of them that are past a date.",
            labels=["what"],
        )
        for what, number in zip(("open", "late"), self._watched.assessments, strict=True):
            owed.add_metric([what], number)
        yield owed

    def _of_drift(self) -> GaugeMetricFamily:
        drifting = GaugeMetricFamily(
            "second_reader_drift_alarms",
            "Devices, and all together, of which what the model says has moved.",
            labels=["question"],
        )
        for question, count in sorted(self._watched.drifting.items()):
            drifting.add_metric([question], count)
        return drifting

    def _of_gatekeepers(self) -> Iterator[GaugeMetricFamily]:
        """Of released cases, as ``policy gate`` tells them: a scrape beside a single case tells no more."""
        opened = GaugeMetricFamily(
            "second_reader_gatekeeper_open",
            "1 while the next case below the threshold may be left without a human.",
            labels=["question"],
        )
        cases = GaugeMetricFamily(
            "second_reader_gatekeeper_cases",
            "Cases of the window and the model version in use: judged, ruled out; below and read, found.",
            labels=["question", "what"],
        )
        for each in self._watched.gatekeepers:
            question, passed = each.policy.question, each.passed
            opened.add_metric([question], each.closed is None)
            cases.add_metric([question, "judged"], passed.cases)
            cases.add_metric([question, "ruled-out"], passed.ruled_out)
            cases.add_metric([question, "read"], passed.reread)
            cases.add_metric([question, "found"], passed.found)
        yield opened
        yield cases

    def _of_partners(self) -> Iterator[GaugeMetricFamily]:
        failures = GaugeMetricFamily(
            "second_reader_partner_failures", "Looks in a row that failed.", labels=["partner"]
        )
        tasks = GaugeMetricFamily(
            "second_reader_partner_tasks",
            "Tasks of partners, by what came of them.",
            labels=["partner", "came"],
        )
        for each in self._partners:
            failures.add_metric([each.name], each.failures)
            tasks.add_metric([each.name, "taken"], each.taken)
            tasks.add_metric([each.name, "refused"], each.refused)
        yield failures
        yield tasks

    def _cases(self) -> Counter[str]:
        shown: Counter[str] = Counter()
        for state, count in self._ledger.counts().items():
            shown[str(public_state(State(state)))] += count
        return shown


def exposition(
    ledger: Ledger,
    deliveries: Deliveries,
    inbox: MessageStore,
    partners: Sequence[PartnerRow] = (),
    doors: Doors = NONE,
    *,
    doubled: Mapping[str, bool] = NOT_DOUBLED,
    gatekeepers: Sequence[Gatekeeper] = (),
    assessments: tuple[int, int] | None = None,
    drifting: Mapping[str, int] = NO_DRIFT,
) -> bytes:
    """The metrics in Prometheus' text format.

    ``doors``: what the listeners of this machine have told; ``doubled``: where the switch is thrown;
    ``gatekeepers``: of the policies in force; ``assessments``: how many are open, and late; ``drifting``:
    alarms, of questions that are looked at.
    """
    registry = CollectorRegistry()
    watched = Watched(doubled, gatekeepers, assessments, drifting)
    registry.register(_Counts((ledger, deliveries, inbox), partners, doors, watched))
    return generate_latest(registry)
