"""kill -9 at random moments, transactions among them (F-115): nothing acknowledged is lost or done twice.

``--kills N`` for longer runs, ``--seed S`` to repeat the draws of one.
"""

from __future__ import annotations

import itertools
import threading
import time
from random import Random

import pytest

from conformance.peers.ehr import Ehr
from conformance.peers.faults import Fault, Kind
from tests.flow.accounts import leftovers, settle, wrongs
from tests.flow.conftest import Say
from tests.flow.hospital import Hospital, Work
from tests.flow.killer import WEB, WORK, Killer
from tests.flow.processes import Site

pytestmark = pytest.mark.campaign

_MEANT = {Kind.ERROR_AFTER, Kind.SILENCE_AFTER}
_FAULTS = (
    Fault(Kind.ERROR_AFTER),
    Fault(Kind.SILENCE_AFTER, seconds=1.5),
    Fault(Kind.ERROR_BEFORE),
    Fault(Kind.PRECONDITION),
)
"""The EHR commits, then says 500, or nothing until the courier's second is over; and two honest failures."""


def test_kill_web_and_work(site: Site, ehr: Ehr, seed: int, say: Say, pytestconfig: pytest.Config) -> None:
    kills = int(pytestconfig.getoption("kills"))
    hospital = Hospital(ehr, site.base)
    _campaign(site, hospital, kills, seed, say)


def test_kill_while_the_ehr_fails_after_its_commit(site: Site, ehr: Ehr, seed: int, say: Say) -> None:
    """There is always a fault waiting at the EHR, so that looking first and sending again meet kills."""
    hospital = Hospital(ehr, site.base)
    met = list[Kind]()

    def trouble(stop: threading.Event) -> None:
        # Those that this is about come first: a short campaign may be over before the others.
        drawn = Random(f"{seed}-faults").sample(_FAULTS, len(_FAULTS))
        for fault in itertools.cycle(sorted(drawn, key=lambda each: each.kind not in _MEANT)):
            ehr.inject(fault)
            while ehr.faults.waiting():
                if stop.wait(0.2):
                    ehr.faults.clear()
                    return
            met.append(fault.kind)

    _campaign(site, hospital, 6, seed, say, trouble=trouble)
    say(f"faults of the EHR: {', '.join(f'{met.count(kind)} {kind}' for kind in Kind if kind in met)}")
    assert set(met) >= _MEANT


def _campaign(
    site: Site,
    hospital: Hospital,
    kills: int,
    seed: int,
    say: Say,
    *,
    trouble: Work | None = None,
) -> None:
    began = time.monotonic()
    web, work = site.program("web"), site.program("work")
    site.bring_up(web)
    site.bring_up(work)
    killers = [
        Killer(site, web, WEB, (kills + 1) // 2, Random(f"{seed}-web")),
        Killer(site, work, WORK, kills // 2, Random(f"{seed}-work")),
    ]
    with hospital.desk():
        with hospital.senders(f"k{seed}"), hospital.alongside(trouble):
            hospital.together([each.run for each in killers])
        settle(site, hospital, 90.0)
    for each in killers:
        say(each.told())
    took = time.monotonic() - began
    say(f"{len(hospital.acknowledged)} cases acknowledged, {hospital.resent} sendings repeated, {took:.0f} s")
    assert sum(each.killed.total() for each in killers) == kills
    assert not hospital.broken, hospital.broken
    assert {each.story for each in hospital.acknowledged} > {"agreement"}
    assert wrongs(site, hospital) == []
    for each in killers:
        each.leave_nothing()
    assert leftovers(site) == []
