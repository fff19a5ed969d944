"""SIGTERM under load: what was acknowledged is kept, all children are gone, and the next start goes on."""

from __future__ import annotations

import signal
import time

import pytest

from conformance.peers.ehr import Ehr
from conformance.peers.faults import Fault, Kind
from tests.flow.accounts import settle, wrongs
from tests.flow.conftest import Say
from tests.flow.hospital import Hospital
from tests.flow.processes import Program, Site, members, until

pytestmark = pytest.mark.campaign

_STOPS_WITHIN = 35.0


def test_terminate_under_load(site: Site, ehr: Ehr, say: Say) -> None:
    hospital, up = Hospital(ehr, site.base), site.program("up")
    ready, stopped = [site.bring_up(up)], list[float]()
    with hospital.desk():
        with hospital.senders("stop", most_open=12):
            for wanted in (8, 16):
                until(lambda wanted=wanted: len(hospital.acknowledged) >= wanted, 60.0, f"{wanted} cases")
                ehr.inject(Fault(Kind.SILENCE_AFTER, seconds=30.0))
                stopped.append(_terminate(up))
                ready.append(site.bring_up(up))
        settle(site, hospital, 60.0)
    say(
        f"{len(hospital.acknowledged)} cases, stopped within {max(stopped):.1f} s, "
        f"ready again within {max(ready):.1f} s"
    )
    assert not hospital.broken, hospital.broken
    assert wrongs(site, hospital) == []


def _terminate(up: Program) -> float:
    began = time.monotonic()
    up.signal(signal.SIGTERM)
    status = up.wait(_STOPS_WITHIN)
    took = time.monotonic() - began
    assert status == 0
    assert members(up.pid) == [], "children are left behind"
    return took
