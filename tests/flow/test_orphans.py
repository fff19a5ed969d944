"""kill -9 of ``up``: what it started finishes the step in hand, ends by itself and leaves the port."""

from __future__ import annotations

import signal

import pytest

from conformance.peers.client import FhirClient
from conformance.peers.ehr import Ehr
from conformance.peers.faults import Fault, Kind
from tests.flow.accounts import settle, wrongs
from tests.flow.books import rows
from tests.flow.conftest import Say
from tests.flow.hospital import Hospital
from tests.flow.processes import Site, members, until

pytestmark = pytest.mark.campaign

_STOPS_WITHIN = 35.0
_DELIVERING = "select document_id from delivery where lease_token is not null"
_DELIVERED = "select document_id from delivery where state = 'delivered'"


def test_children_of_a_killed_supervisor_finish_and_end(site: Site, ehr: Ehr, say: Say) -> None:
    hospital, up = Hospital(ehr, site.base), site.program("up")
    site.bring_up(up)
    until(lambda: b'"working"' in up.log.read_bytes(), 60.0, "there is a worker")
    ehr.inject(Fault(Kind.SLOW, seconds=0.8))
    with FhirClient(hospital.base) as client:
        hospital.send(client, "orphans", 0)
    in_hand = set[str]()
    until(lambda: in_hand.update(_rows(site, _DELIVERING)) or in_hand, 60.0, "a delivery is in hand")
    up.kill_leader()
    again = site.bring_up(site.program("up", "again"))
    until(lambda: not members(up.pid), _STOPS_WITHIN, "all that the killed one started has ended")
    assert in_hand <= _rows(site, _DELIVERED), "it was left to the end of its lease"
    settle(site, hospital, 60.0)
    say(f"the next was ready {again:.1f} s after the kill")
    assert wrongs(site, hospital) == []


@pytest.mark.parametrize("moment", ["Starting gunicorn", "Listening at", '"swept"'])
def test_children_that_are_not_up_yet_end_too(site: Site, moment: str) -> None:
    up = site.program("up")
    up.start()
    until(lambda: moment in up.log.read_text(), 60.0, moment)
    up.signal(signal.SIGKILL)
    until(lambda: not members(up.pid), _STOPS_WITHIN, "nothing of it is left")


def _rows(site: Site, query: str) -> set[str]:
    return {row[0] for row in rows(site.store, query)}
