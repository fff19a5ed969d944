"""Polling a partner with real processes: the whole way of a case, and kill -9 between claim and intake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from conformance.demo.cases import load
from conformance.demo.child import destinations
from conformance.peers.client import FhirClient
from conformance.peers.ehr import Ehr
from conformance.peers.faults import Fault, Kind
from conformance.peers.login import Gate
from conformance.peers.request import ReadRequest
from conformance.peers.search import parse
from tests.flow.processes import Site, until

OWNER = {"type": "Device", "identifier": {"system": "https://second-reader.example/device", "value": "g-1"}}
POLLED = 'poll = "PT10S"\nowner = "https://second-reader.example/device|g-1"\ntimeout_seconds = 2\n'
SCRIPT = load()


@pytest.fixture
def polling(tmp_path: Path, ehr: Ehr) -> Iterator[Site]:
    with Site(tmp_path, ehr.base, destination=POLLED) as made:
        yield made


def request(key: str, run: str) -> ReadRequest:
    story = next(each for each in SCRIPT.stories if each.key == key)
    return SCRIPT.request(story, run, datetime.now(UTC))


def status(ehr: Ehr, asked: ReadRequest) -> str:
    found = ehr.shelf.search("Task", parse(f"identifier={ehr.system}/task|T-{asked.token}"))
    return str(found[0].body["status"])


def statuses(ehr: Ehr, asked: ReadRequest) -> list[str]:
    [found] = ehr.shelf.search("Task", parse(f"identifier={ehr.system}/task|T-{asked.token}"))
    return [each.body["status"] for each in reversed(ehr.shelf.history("Task", found.id))]


def test_a_case_goes_all_the_way_by_polling(polling: Site, ehr: Ehr) -> None:
    agreeing = request("agreement", "poll")
    late = next(each for each in SCRIPT.stories if each.later)
    waiting = SCRIPT.request(late, "poll", datetime.now(UTC))
    ehr.keep_case(agreeing, OWNER)
    ehr.keep_case(waiting, OWNER)
    polling.bring_up(polling.program("web"))
    work = polling.program("work")
    polling.bring_up(work)
    until(lambda: status(ehr, agreeing) == "completed", 30, "the agreeing case is answered")
    assert statuses(ehr, agreeing) == ["requested", "received", "accepted", "in-progress", "completed"]
    until(lambda: status(ehr, waiting) == "on-hold", 10, "the other waits for a value")
    for each in late.later:
        ehr.keep_later(each, waiting)
    until(lambda: status(ehr, waiting) == "completed", 30, "the next look finds it")
    assert "2 Tasks taken in, 0 refused; 0 failed looks" in polling.command("partners")
    with FhirClient(polling.base) as client:
        assert client.beside("/health")["failingPartners"] == 0
        assert len(client.search("Task", {"_count": "100"})) == 2
    assert ehr.shelf.ledger()["doubles"] == []
    said = work.log.read_text()
    for secret in (agreeing.token, agreeing.patient.family, waiting.patient.given):
        assert secret not in said


@pytest.mark.parametrize("window", ["received", "accepted"])
def test_killed_between_claim_and_intake(polling: Site, ehr: Ehr, window: str) -> None:
    """The EHR commits the claim and is silent; meanwhile the worker dies. The next look carries it on."""
    asked = request("agreement", f"kill-{window}")
    ehr.keep_case(asked, OWNER)
    if window == "accepted":
        ehr.inject(Fault(Kind.SLOW, seconds=0.0, methods=("PUT",)))  # the first claim passes
    ehr.inject(Fault(Kind.SILENCE_AFTER, seconds=30.0, methods=("PUT",)))
    work = polling.program("work")
    work.start()
    until(lambda: status(ehr, asked) == window, 30, "the claim stands at the EHR")
    work.kill_group()
    assert status(ehr, asked) == window
    assert polling.command("cases") == ""
    polling.bring_up(work)
    until(lambda: status(ehr, asked) == "completed", 60, "the case is answered after all")
    assert statuses(ehr, asked) == ["requested", "received", "accepted", "in-progress", "completed"]
    assert len(polling.command("cases").splitlines()) == 1
    assert ehr.shelf.ledger()["doubles"] == []


def test_two_workers_look_once(polling: Site, ehr: Ehr) -> None:
    asked = [request("agreement", f"two-{number}") for number in range(4)]
    for each in asked:
        ehr.keep_case(each, OWNER)
    for name in ("one", "two"):
        polling.bring_up(polling.program("work", name))
    until(lambda: all(status(ehr, each) == "completed" for each in asked), 60, "all are answered")
    assert len(polling.command("cases").splitlines()) == len(asked)
    for each in asked:
        assert statuses(ehr, each) == ["requested", "received", "accepted", "in-progress", "completed"]
    assert ehr.shelf.ledger()["doubles"] == []


def test_a_partner_that_asks_for_a_token(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-384", {"kid": "k1"})
    gate = Gate({"second-reader": {"keys": [key.as_dict(private=False)]}})
    with Ehr(port=0, gate=gate) as ehr:
        table = destinations(tmp_path, ehr.base, key).read_text().partition("identifier_systems")[2]
        login = table.partition("\n")[2].replace("timeout_seconds = 5\n", "")
        with Site(tmp_path, ehr.base, destination=POLLED + login) as site:
            asked = request("agreement", "token")
            ehr.keep_case(asked, OWNER)
            work = site.program("work")
            site.bring_up(work)
            until(lambda: status(ehr, asked) == "completed", 30, "the case is answered")
            assert gate.issued == 1
            assert key.as_dict(private=True)["d"] not in work.log.read_text()
