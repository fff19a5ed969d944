"""A power cut right after the last acknowledgement loses nothing; ``--cuts N`` for more of them.

Where no such disk can be made the tests are not run, which is not the same as passed. A control
shows each time that the same cut does lose what was not flushed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import httpx
import pysqlite3
import pytest

from conformance.peers.client import FhirClient
from conformance.peers.ehr import Ehr
from conformance.peers.request import Lab
from tests.flow.accounts import settle, wrongs
from tests.flow.conftest import Say
from tests.flow.disk import Disk, NotPossible
from tests.flow.hospital import Hospital
from tests.flow.processes import Site

pytestmark = pytest.mark.campaign

_CASES = 8
_ROWS = 300
_INLINE = 256 * 1024
"""Bytes; a larger body goes through the vault."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    try:
        with Disk(tmp_path) as made:
            yield made
    except NotPossible as reason:
        pytest.skip(f"not run: {reason}")


def test_the_cut_loses_what_was_not_flushed(disk: Disk) -> None:
    """The control: if nothing were lost here, the other test would prove nothing."""
    file = disk.mount_point / "written"
    file.write_bytes(b"acknowledged")
    kept = _rows_after_cut(disk, "NORMAL")
    if kept == _ROWS or (file.exists() and file.read_bytes()):
        pytest.skip("not run: on this machine a cut loses nothing, so it proves nothing either")
    assert kept < _ROWS


def test_the_cut_spares_what_was_flushed(disk: Disk) -> None:
    """The other half of the control: the disk is not simply emptied."""
    assert _rows_after_cut(disk, "FULL") == _ROWS


def _rows_after_cut(disk: Disk, synchronous: str) -> int:
    """How many of 300 committed rows a plain SQLite file still has."""
    path = disk.mount_point / "plain.db"
    connection = pysqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode=WAL")
    connection.execute(f"pragma synchronous={synchronous}")
    connection.execute("create table said (number integer)")
    for number in range(_ROWS):
        connection.execute("insert into said values (?)", (number,))
    disk.cut()
    _drop(connection)
    disk.power_on()
    if not path.exists():
        return 0
    connection = pysqlite3.connect(path)
    try:
        tables = connection.execute("select count(*) from sqlite_master").fetchone()[0]
        return int(connection.execute("select count(*) from said").fetchone()[0]) if tables else 0
    finally:
        connection.close()


def _drop(connection: pysqlite3.Connection) -> None:
    try:
        connection.close()
    except pysqlite3.OperationalError:
        return  # its disk is gone


def test_a_power_cut_after_the_last_acknowledgement(
    tmp_path: Path, ehr: Ehr, disk: Disk, say: Say, pytestconfig: pytest.Config
) -> None:
    cuts, witness = int(pytestconfig.getoption("cuts")), Witness()
    with Site(tmp_path / "site", ehr.base, data=disk.mount_point / "data") as site:
        hospital, programs = Hospital(ehr, site.base), [site.program("web"), site.program("work")]
        ready = [site.bring_up(each) for each in programs]
        for cut in range(cuts):
            with hospital.desk():
                _load(hospital, witness, cut)
                disk.cut()
                for each in programs:
                    each.kill_group()
                disk.power_on()
                ready += [site.bring_up(each) for each in programs]
                settle(site, hospital, 60.0)
            assert witness.contradictions(site.root, site.data) == []
            assert wrongs(site, hospital) == []
    say(
        f"{cuts} cuts: {len(hospital.acknowledged)} cases, {len(witness.answers)} resources read back byte "
        f"by byte, {len(witness.large)} large bodies; ready again within {max(ready):.1f} s"
    )


def _load(hospital: Hospital, witness: Witness, cut: int) -> None:
    """Some cases, then one in a large transaction and one resource by resource, of which either is last."""
    with FhirClient(hospital.base) as client:
        witness.listen(client)
        for number in range(_CASES):
            hospital.send(client, f"cut{cut}", number)
        witness.read_all(client, hospital)
        for together in (True, False) if cut % 2 == 0 else (False, True):
            request, story = hospital.request(f"cut{cut}-last", 2 if together else 4)
            request = replace(request, labs=request.labs + _MANY) if together else request
            hospital.acknowledge(hospital.ehr.send_case(request, client, together=together), story)


_MANY = tuple(Lab(f"pulse{n}", "8867-4", "Heart rate", Decimal(60 + n % 40), "/min") for n in range(600))
"""So many that the transaction is too large for a row and its bytes go through the vault."""


@dataclass
class Witness:
    """What the server has said to hold, byte by byte."""

    answers: dict[str, bytes] = field(default_factory=dict)
    """``Type/id/_history/1`` -> the body it was acknowledged with, or read before the cut."""
    large: set[str] = field(default_factory=set)
    """SHA-256 of the bodies of more than 256 KiB that were acknowledged."""

    def listen(self, client: FhirClient) -> None:
        client._http.event_hooks["response"] = [self._heard]

    def _heard(self, response: httpx.Response) -> None:
        if response.status_code == 201:
            path = response.headers["Location"].partition("/fhir/")[2]
            self.answers[path] = response.read()
        if response.is_success and len(response.request.content) > _INLINE:
            self.large.add(hashlib.sha256(response.request.content).hexdigest())

    def read_all(self, client: FhirClient, hospital: Hospital) -> None:
        """What came in transactions was acknowledged without its body; first opinions are not shown yet."""
        names = {name for case in hospital.acknowledged for name in case.sent.names.values()}
        for path in sorted(f"{name}/_history/1" for name in names):
            if path not in self.answers:
                found = client._http.get(client.url(path))
                assert found.is_success or path.startswith("DiagnosticReport/"), path
                self.answers |= {path: found.content} if found.is_success else {}

    def contradictions(self, root: str, data: Path) -> list[str]:
        wrong = []
        with httpx.Client(base_url=f"{root}/fhir/", trust_env=False) as client:
            for path, said in self.answers.items():
                found = client.get(path)
                if found.status_code != 200 or found.content != said:
                    wrong.append(f"{path}: {found.status_code}, other bytes")
        for digest in self.large:
            path = data / "vault" / digest[:2] / digest
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                wrong.append(f"the vault does not hold {digest}")
        return wrong
