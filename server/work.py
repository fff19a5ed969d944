"""The process ``work``: threads for cases, documents, subscribers and partners; models apart."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

from server.clock import now
from server.configuration import load_configuration, load_other_models
from server.loading import loading
from server.readers import Readers
from server.settings import Settings
from server.store.vault import Vault

if TYPE_CHECKING:
    from server.wiring import House
    from server.worker import Loop

_DELIVERY_THREADS = 2
_NOTICE_THREADS = 4
"""Apart from deliveries: a subscriber that does not answer keeps no opinion from the EHR."""
_ASKING_THREADS = 2
"""One archive that does not answer holds up no question to another, as long as there are not several."""
_AUDIT_PAUSE = 0.2
"""Seconds between two looks whether there are accesses to write up."""
_PARTNER_PAUSE = 0.5
"""Seconds between two looks whether a partner is due: they are polled every few minutes."""


def work(settings: Settings) -> None:
    """Carry cases and deliver documents until told to stop."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    cards, _ = load_configuration(settings)
    others = load_other_models(settings, cards)
    readers = Readers(settings.cards, cards, others, Vault(settings.data).get)
    try:
        with ThreadPoolExecutor(1) as beside:
            # A model takes as long to load as the rest of this process does: both at once.
            loaded = beside.submit(readers.start_first)
            loops = _loops(settings, readers)
            loaded.result()
        _run(loops, stop, sorted(cards))
    finally:
        readers.close()


def _loops(settings: Settings, readers: Readers) -> list[Loop]:
    with loading():
        from server.fhir.smart.logins import Logins  # noqa: PLC0415
        from server.idle import Idle  # noqa: PLC0415
        from server.log import configure, logger  # noqa: PLC0415 - see above
        from server.partnering import partner_worker  # noqa: PLC0415
        from server.wiring import audit_clerk, build  # noqa: PLC0415
        from server.worker import Loop  # noqa: PLC0415
        from server.workers import (  # noqa: PLC0415
            answer_worker,
            case_worker,
            delivery_worker,
            inquiry_worker,
            message_worker,
            notifier,
        )

    configure(settings.log_level, "work")
    house = build(settings)
    logger().info("swept", staging=house.vault.sweep())
    _look_around(house)
    logins = Logins(now)
    cases, couriers = case_worker(house, readers), delivery_worker(house, logins)
    pause, written = settings.idle.total_seconds(), house.database.written
    deliveries = (
        Loop(f"deliveries-{n}", couriers.once, Idle(pause * _DELIVERY_THREADS, written))
        for n in range(_DELIVERY_THREADS)
    )
    told = notifier(house)
    notices = (
        Loop(f"notices-{n}", told.once, Idle(pause * _NOTICE_THREADS, written))
        for n in range(_NOTICE_THREADS)
    )
    loops = [Loop("cases", cases.once, Idle(pause, written)), *deliveries, *notices]
    if (asker := inquiry_worker(house, logins)) is not None:
        asking = (
            Loop(f"archives-{n}", asker.once, Idle(pause * _ASKING_THREADS, written))
            for n in range(_ASKING_THREADS)
        )
        loops.extend(asking)
    if settings.mllp_door:
        applier = message_worker(house)
        loops.append(Loop("messages", applier.once, Idle(pause, written)))
        if (answering := answer_worker(house)) is not None:
            loops.append(Loop("acknowledgements", answering.once, Idle(pause, written)))
    loops.append(Loop("audit", audit_clerk(house).once, _unhurried))
    if house.polled:
        loops.append(Loop("partners", partner_worker(house, logins).once, _seldom))
    return loops


def _look_around(house: House) -> None:
    """What a start tells of policies; and whoever resolved the last case may have died before its look."""
    from server.standing_orders import tell_differing  # noqa: PLC0415 - see above
    from server.workers import watches  # noqa: PLC0415 - see above

    tell_differing(house)
    watches(house).look_at_all()


def _unhurried(stop: Event) -> None:
    stop.wait(_AUDIT_PAUSE)


def _seldom(stop: Event) -> None:
    stop.wait(_PARTNER_PAUSE)


def _run(loops: Sequence[Loop], stop: Event, questions: Sequence[str]) -> None:
    from server.log import logger  # noqa: PLC0415 - see above

    for loop in loops:
        loop.start()
    logger().info("working", questions=questions)
    while not stop.wait(1.0):
        if not all(loop.alive for loop in loops):
            logger().error("a loop has ended; leaving, so that the supervisor starts anew")
            break
    for loop in loops:
        loop.stop()
