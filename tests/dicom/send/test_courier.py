"""The courier against a small real archive: one object there, one delivered row here, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.dicom.send.conftest import Open, Sender, to
from tests.dicom.send.objects import document, part10, uid


def wait_until(holds: Callable[[], bool], patience: float = 10.0) -> None:
    until = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


def test_what_is_committed_at_once_is_delivered_at_once(sender: Sender, archive: Open) -> None:
    pacs = archive(same_association=True)
    sender.queue(document())
    assert sender.worker(to(pacs)).once()
    assert (sender.state, sender.outcome) == ("delivered", "committed, status 0000")
    wait_until(lambda: len(pacs.reports) == 1)
    assert pacs.reports[0][1] == 0
    assert pacs.objects.path(uid(1)).read_bytes()[-200:] == part10()[-200:]


def test_a_report_on_an_association_of_its_own_wakes_the_delivery(sender: Sender, archive: Open) -> None:
    pacs = archive()
    sender.linger = 0.0
    sender.queue(document())
    worker = sender.worker(to(pacs))
    assert worker.once()
    assert sender.state == "sent"
    wait_until(lambda: [each[1] for each in pacs.reports] == [0])
    assert worker.once()
    assert (sender.state, sender.outcome) == ("delivered", "committed, status 0000")
    assert pacs.objects.stores == 1
