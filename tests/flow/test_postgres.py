"""Real processes on PostgreSQL: a case to its end, kills of ours and crashes of the database itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest

from conformance.peers.client import FhirClient
from conformance.peers.ehr import Ehr
from tests.flow.accounts import leftovers, settle, wrongs
from tests.flow.conftest import Say
from tests.flow.hospital import Hospital
from tests.flow.killer import WEB, WORK, Killer
from tests.flow.processes import Site
from tests.postgres import PASSWORD, Cluster, binaries

pytestmark = pytest.mark.campaign

_KILLS, _CRASHES = 4, 2


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server that may be stopped."""
    found = binaries()
    if found is None:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql (.ci/run does)")
    with Cluster(found) as made:
        yield made


@pytest.fixture
def site(tmp_path: Path, ehr: Ehr, cluster: Cluster) -> Iterator[Site]:
    with Site(tmp_path, ehr.base, DATABASE_URL=cluster.make_for_campaign("flow")) as made:
        yield made


def told(site: Site) -> str:
    """Everything that all processes have logged."""
    return "\n".join(each.read_text(errors="replace") for each in site.logs.rglob("*.log"))


def test_everything_runs_on_postgresql(site: Site, ehr: Ehr) -> None:
    hospital = Hospital(ehr, site.base)
    site.bring_up(site.program("up"))
    with hospital.desk(), FhirClient(hospital.base) as client:
        for number in range(2):  # one that agrees, and one that a specialist settles
            hospital.send(client, "pg", number)
        settle(site, hospital, 120.0)
    assert wrongs(site, hospital) == []
    health = httpx.get(f"{site.root}/health", trust_env=False).json()
    assert health["database"].startswith("PostgreSQL 1")
    assert "ok    database: PostgreSQL 1" in site.command("check")
    assert not (site.data / "second-reader.db").exists()
    for words in (PASSWORD, PASSWORD.replace(" ", "%20"), "Traceback", "sqlalchemy"):
        assert words not in told(site)


def test_kills_and_crashes(site: Site, ehr: Ehr, cluster: Cluster, seed: int, say: Say) -> None:
    """What was acknowledged is there once, whether we are killed or the database is."""
    hospital = Hospital(ehr, site.base)
    web, work, random = site.program("web"), site.program("work"), Random(f"{seed}-postgres")
    for each in (web, work):
        site.bring_up(each)
    killers = [
        Killer(site, web, WEB, _KILLS, Random(f"{seed}-web")),
        Killer(site, work, WORK, _KILLS, Random(f"{seed}-work")),
    ]

    def crashes(stop: threading.Event) -> None:
        for _ in range(_CRASHES):
            stop.wait(random.uniform(1.0, 4.0))
            cluster.crash()
            stop.wait(random.uniform(0.0, 1.0))
            cluster.start()

    with hospital.desk():
        with hospital.senders(f"pg{seed}"):
            hospital.together([*(each.run for each in killers), crashes])
        settle(site, hospital, 120.0)
    for each in killers:
        say(each.told())
    say(f"{len(hospital.acknowledged)} cases, {hospital.resent} sendings repeated, {_CRASHES} crashes")
    assert not hospital.broken, hospital.broken
    assert wrongs(site, hospital) == []
    for each in killers:
        each.leave_nothing()
    assert leftovers(site) == []
    assert PASSWORD not in told(site)
