"""The hospital of a campaign: an EHR with its ledger, senders that never give up, a specialists' desk."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from conformance.demo import directory
from conformance.demo.cases import Script, load
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import TERMINAL
from conformance.peers.ehr import Ehr, Sent
from conformance.peers.request import ReadRequest
from conformance.peers.search import parse
from conformance.peers.specialist import Desk, by_rule

KEYS = ("agreement", "missed", "agreement", "over-called", "agreement", "declined")
"""Which stories the cases follow, in turn: as many agree as go to a specialist."""
REFERRED = frozenset({"missed", "over-called", "declined"})
_AGAIN = 0.1

Work = Callable[[threading.Event], None]
"""Goes on until it is done or the event is set."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A case whose Task the server has said to hold."""

    sent: Sent
    story: str

    @property
    def token(self) -> str:
        return self.sent.request.token

    @property
    def referred(self) -> bool:
        return self.story in REFERRED


@dataclass
class Hospital:
    """What was acknowledged, and what broke in one of its threads."""

    ehr: Ehr
    base: str
    script: Script = field(default_factory=load)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    resent: int = 0
    broken: list[BaseException] = field(default_factory=list)
    _open: list[Acknowledged] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # -- cases -----------------------------------------------------------------------------

    def request(self, run: str, number: int) -> tuple[ReadRequest, str]:
        key = KEYS[number % len(KEYS)]
        story = next(each for each in self.script.stories if each.key == key)
        return self.script.request(story, f"{run}-{number}", datetime.now(UTC)), key

    def send(self, client: FhirClient, run: str, number: int) -> Acknowledged:
        """One case, again and again until it is acknowledged, as a real EHR does.

        Raises:
            NotDone: the server refuses it; sending again would not help.
        """
        request, key = self.request(run, number)
        while True:
            try:
                sent = self.ehr.send_case(request, client, together=number % 2 == 0)
                break
            except NotDone as reason:
                if reason.status is not None and reason.status < 500:
                    raise
                self.resent += 1
                time.sleep(_AGAIN)
        return self.acknowledge(sent, key)

    def acknowledge(self, sent: Sent, story: str) -> Acknowledged:
        """From now on this case is to be found everywhere, once."""
        taken = Acknowledged(sent, story)
        with self._lock:
            self.acknowledged.append(taken)
            self._open.append(taken)
        return taken

    def open_cases(self) -> int:
        """How many acknowledged Tasks have not ended in the EHR's own chart."""
        with self._lock:
            self._open = [each for each in self._open if self.status(each) not in TERMINAL]
            return len(self._open)

    def status(self, case: Acknowledged) -> str:
        """Task.status in the EHR's own chart."""
        named = f"identifier={self.ehr.system}/task|T-{case.token}"
        return str(self.ehr.shelf.search("Task", parse(named))[0].body["status"])

    # -- threads ---------------------------------------------------------------------------

    @contextmanager
    def senders(self, run: str, count: int = 2, most_open: int = 24) -> Iterator[None]:
        """Send cases all the while, as many at a time as the server can end meanwhile."""
        stop = threading.Event()
        threads = [
            threading.Thread(
                target=self._guarded, args=(lambda n=n: self._send_all(run, n, count, most_open, stop),)
            )
            for n in range(count)
        ]
        with _running(threads, stop):
            yield

    @contextmanager
    def desk(self) -> Iterator[None]:
        """All specialists of the directory, accepting and answering whatever they are offered."""
        with FhirClient(self.base, timeout=10.0) as client:
            roles = list(directory.post(client))
            findings = self.script.findings
            desk = Desk(
                client, roles, self.script.analytes, by_rule(findings["bacterial"], findings["viral"])
            )
            stop = threading.Event()
            work = threading.Thread(target=self._guarded, args=(lambda: desk.run(stop, every=0.2),))
            with _running([work], stop):
                yield

    @contextmanager
    def alongside(self, work: Work | None) -> Iterator[None]:
        """Something else that goes on all the while."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._guarded, args=(lambda: work(stop),))] if work else []
        with _running(threads, stop):
            yield

    def together(self, works: Sequence[Work]) -> None:
        """Run these at once, until all are done or any thread of the hospital has failed."""
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._guarded, args=(lambda each=each: each(stop),)) for each in works
        ]
        with _running(threads, stop):
            while any(each.is_alive() for each in threads) and not self.broken:
                time.sleep(_AGAIN)

    def _send_all(self, run: str, first: int, step: int, most_open: int, stop: threading.Event) -> None:
        with FhirClient(self.base, timeout=10.0) as client:
            for number in itertools.count(first, step):
                while not stop.is_set() and self.open_cases() >= most_open:
                    stop.wait(_AGAIN)
                if stop.is_set():
                    return
                self.send(client, run, number)

    def _guarded(self, work: Callable[[], None]) -> None:
        """A thread's failure is the test's failure."""
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the main thread must see it
            self.broken.append(error)


@contextmanager
def _running(threads: list[threading.Thread], stop: threading.Event) -> Iterator[None]:
    for each in threads:
        each.daemon = True
        each.start()
    try:
        yield
    finally:
        stop.set()
        for each in threads:
            each.join(60)
