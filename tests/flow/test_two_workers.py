"""Two workers on one database: each opinion once, even when one is stopped in the middle of its work."""

from __future__ import annotations

import fcntl
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pysqlite3
import pytest

from conformance.peers.client import FhirClient
from conformance.peers.ehr import Ehr
from conformance.peers.faults import Fault, Kind
from tests.flow.accounts import settle, wrongs
from tests.flow.conftest import OnDatabase, Say
from tests.flow.hospital import Hospital
from tests.flow.processes import Program, Site, until

pytestmark = pytest.mark.campaign

_LEASE = 2.0
_FHIR = {"Content-Type": "application/fhir+json"}
_LEASED = "select id, lease_token from cases where lease_token is not null"
_DELIVERING = "select document_id, lease_token from delivery where lease_token is not null"


@pytest.fixture
def site(tmp_path: Path, ehr: Ehr, on_database: OnDatabase) -> Iterator[Site]:
    with Site(tmp_path, ehr.base, LEASE=str(_LEASE), **on_database("workers")) as made:
        yield made


@pytest.fixture
def hospital(site: Site, ehr: Ehr) -> Hospital:
    site.bring_up(site.program("web"))
    return Hospital(ehr, site.base)


def test_thirty_cases_between_two_workers(site: Site, hospital: Hospital, say: Say) -> None:
    workers = _workers(site)
    for each in workers:
        site.bring_up(each)
    with hospital.desk():
        _send(hospital, 30)
        settle(site, hospital, 150.0)
    shares = [each.log.read_text().count('"case moved"') for each in workers]
    say(f"30 cases, {shares[0]} and {shares[1]} steps")
    assert min(shares) > 0, "one worker had nothing to do, so nothing was shown"
    assert wrongs(site, hospital) == []


@pytest.fixture
def _on_sqlite(pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("database") != "sqlite":
        pytest.skip("looks for the locks of SQLite; tests/store shows the fences on both databases")


@pytest.mark.usefixtures("_on_sqlite")
def test_a_stopped_worker_has_lost_its_case(site: Site, hospital: Hospital, say: Say) -> None:
    """It goes on where it stood, and what it then wants to write is refused by the fence."""
    stopped, other = _workers(site)
    site.bring_up(stopped)
    with hospital.desk():
        _send(hospital, 30)
        taken = _stopped_holding(site, stopped, _LEASED)
        with _continued(stopped):
            site.bring_up(other)
            until(lambda: not _still(site, _LEASED, taken), _LEASE + 90, "the other worker takes the case")
        settle(site, hospital, 150.0)
        until(lambda: "lease lost" in stopped.log.read_text(), 60.0, "the stopped worker is refused")
    say(f"stopped while it held {len(taken)} case(s); its completion was refused")
    assert wrongs(site, hospital) == []


@pytest.mark.usefixtures("_on_sqlite")
def test_a_stopped_courier_has_lost_its_delivery(site: Site, hospital: Hospital, ehr: Ehr, say: Say) -> None:
    """It had sent and not heard: the other looks first, or sends again, and the EHR still has one of each."""
    stopped, other = _workers(site)
    ehr.inject(Fault(Kind.SLOW, seconds=0.8))
    site.bring_up(stopped)
    _send(hospital, 1)
    taken = _stopped_holding(site, stopped, _DELIVERING)
    with _continued(stopped):
        site.bring_up(other)
        until(
            lambda: not _still(site, _DELIVERING, taken), _LEASE + 90, "the other worker takes the delivery"
        )
    settle(site, hospital, 150.0)
    until(lambda: "lease lost" in stopped.log.read_text(), 60.0, "the stopped courier is refused")
    say(f"stopped while it held {len(taken)} delivery; its receipt was refused")
    assert wrongs(site, hospital) == []


@pytest.mark.usefixtures("_on_sqlite")
def test_a_worker_that_stands_still_inside_a_commit_delays_writes_and_loses_none(
    site: Site, hospital: Hospital, say: Say
) -> None:
    """It keeps SQLite's write lock until it goes on or dies (docs/operating.md)."""
    worker, _ = _workers(site)
    site.bring_up(worker)
    _send(hospital, 24, step=2)
    _stopped_writing(site, worker)
    patient = {"resourceType": "Patient", "name": [{"family": "Quill"}]}
    with httpx.Client(base_url=site.base, timeout=60.0, trust_env=False) as client:
        with _continued(worker):
            refused = client.post("/Patient", json=patient, headers=_FHIR)
            assert client.get("/Patient").status_code == 200
            assert site.healthy()
        assert client.post("/Patient", json=patient, headers=_FHIR).status_code == 201
    assert refused.status_code == 503
    assert "Retry-After" in refused.headers
    settle(site, hospital, 150.0)
    say(f"a write was refused after {refused.elapsed.total_seconds():.0f} s; then all went on")
    assert wrongs(site, hospital) == []


def _workers(site: Site) -> tuple[Program, Program]:
    return site.program("work", "one"), site.program("work", "two")


def _send(hospital: Hospital, count: int, step: int = 1) -> None:
    """With a step of two only stories that need no specialist."""
    with FhirClient(hospital.base) as client:
        for number in range(0, count, step):
            hospital.send(client, "two", number)


def _stopped_holding(site: Site, worker: Program, query: str) -> dict[str, str]:
    """Stop the worker in the middle of a step; returns what it holds, id -> token.

    A worker that was stopped inside a commit would hold SQLite's write lock, and one just before or
    after it the writers' turn: then it goes on a little and is stopped again.
    """
    path = site.data / "second-reader.db"
    deadline = time.monotonic() + 60
    connection = pysqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        while time.monotonic() < deadline:
            if not connection.execute(query).fetchall():
                continue
            worker.stop()
            if _free(connection, path.with_suffix(".turn")):
                held = dict(connection.execute(query).fetchall())
                if held:
                    return held
            worker.signal(signal.SIGCONT)
    finally:
        connection.close()
    raise AssertionError("the worker was never caught in the middle of a step")


def _stopped_writing(site: Site, worker: Program) -> None:
    """Stop the worker where it holds SQLite's write lock."""
    connection = pysqlite3.connect(site.data / "second-reader.db", isolation_level=None, timeout=0)
    try:
        for _ in range(1_000):
            worker.stop()
            if not _unlocked(connection):
                return
            worker.signal(signal.SIGCONT)
    finally:
        connection.close()
    raise AssertionError("the worker was never caught inside a commit")


def _free(connection: pysqlite3.Connection, turn: Path) -> bool:
    with turn.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return _unlocked(connection)


def _unlocked(connection: pysqlite3.Connection) -> bool:
    try:
        connection.execute("begin immediate")
    except pysqlite3.OperationalError:
        return False
    connection.execute("rollback")
    return True


@contextmanager
def _continued(worker: Program) -> Iterator[None]:
    try:
        yield
    finally:
        worker.signal(signal.SIGCONT)


def _still(site: Site, query: str, taken: dict[str, str]) -> bool:
    """Whether anything is still held under the token of the stopped worker."""
    connection = pysqlite3.connect(f"file:{site.data / 'second-reader.db'}?mode=ro", uri=True, timeout=30)
    try:
        return bool(set(taken.items()) & set(connection.execute(query).fetchall()))
    finally:
        connection.close()
