"""Subscribers of real processes: everything in order, once each, whoever is away, slow or killed."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pysqlite3
import pytest

from conformance.peers.client import FhirClient
from conformance.peers.codes import Resource, codes_of
from conformance.peers.ehr import Ehr
from conformance.peers.subscriber import Subscriber
from tests.flow.accounts import settle, wrongs
from tests.flow.conftest import Say
from tests.flow.hospital import Hospital
from tests.flow.processes import Program, Site, until

pytestmark = pytest.mark.campaign

_LEASE = 2.0
_TIMEOUT = 2
_TOLD = 60.0


@pytest.fixture
def subscribers() -> Iterator[tuple[Subscriber, Subscriber]]:
    with Subscriber() as one, Subscriber() as other:
        yield one, other


@pytest.fixture
def subscriber(subscribers: tuple[Subscriber, Subscriber]) -> Subscriber:
    return subscribers[0]


@pytest.fixture
def site(tmp_path: Path, ehr: Ehr, subscribers: Sequence[Subscriber]) -> Iterator[Site]:
    bases = ",".join(each.base for each in subscribers)
    with Site(tmp_path, ehr.base, LEASE=str(_LEASE), SUBSCRIBERS=bases) as made:
        yield made


@pytest.fixture
def hospital(site: Site, ehr: Ehr) -> Hospital:
    site.bring_up(site.program("web"))
    return Hospital(ehr, site.base)


def test_each_change_of_each_task_in_order(
    site: Site, hospital: Hospital, subscriber: Subscriber, say: Say
) -> None:
    site.bring_up(site.program("work"))
    with FhirClient(site.base) as client:
        made = _active(client, subscriber.wants())
        with hospital.desk():
            _send(hospital, client, 6)
            settle(site, hospital, 120.0)
        _told(site, subscriber, made)
        assert _by_task(subscriber) == _versions(client)
        events = client.read(f"{made}/$events").body
    assert len(_numbers(events)) == len(subscriber.numbers)
    assert subscriber.kinds[0] == "handshake"
    assert {each.headers["authorization"] for each in subscriber.notifications} == {
        "Bearer of-the-subscriber"
    }
    say(f"{len(subscriber.numbers)} changes in {len(subscriber.notifications)} notifications")
    assert wrongs(site, hospital) == []


def test_who_was_away_gets_everything_in_order(
    site: Site, hospital: Hospital, subscriber: Subscriber, say: Say
) -> None:
    site.bring_up(site.program("work"))
    with FhirClient(site.base) as client:
        made = _active(client, subscriber.wants(max_count=7))
        subscriber.down()
        _send(hospital, client, 12, step=2)
        until(lambda: hospital.open_cases() == 0, 90.0, "every case ends though nobody listens")
        assert subscriber.numbers == []
        subscriber.up()
        began = time.monotonic()
        _told(site, subscriber, made)
        assert _by_task(subscriber) == _versions(client)
    batches = [len(each.heard) for each in subscriber.notifications if each.heard]
    say(
        f"{len(subscriber.numbers)} changes in {len(batches)} notifications, {time.monotonic() - began:.1f} s"
    )
    assert max(batches) == 7
    assert len(subscriber.numbers) == sum(batches), "nothing was told twice"


def test_killed_in_the_middle_of_telling(
    site: Site, hospital: Hospital, subscriber: Subscriber, seed: int, say: Say
) -> None:
    chosen, work = random.Random(seed), site.program("work")
    site.bring_up(work)
    with FhirClient(site.base) as client:
        made = _active(client, subscriber.wants(timeout=_TIMEOUT, max_count=2))
        subscriber.slow = 0.3
        with hospital.desk():
            with hospital.senders("kill", most_open=6):
                for _ in range(4):
                    time.sleep(chosen.uniform(0.3, 1.2))  # the moment of a kill is drawn, not waited for
                    _kill_while_telling(site, work)
                    site.bring_up(work)
            subscriber.slow = 0.0
            settle(site, hospital, 150.0)
        _told(site, subscriber, made)
        assert _by_task(subscriber) == _versions(client)
    told = [each for one in subscriber.notifications for each in one.heard]
    assert len({(each.number, each.focus) for each in told}) == len(subscriber.numbers)
    say(f"{len(subscriber.numbers)} changes; {len(told) - len(subscriber.numbers)} were told again")
    assert wrongs(site, hospital) == []


def test_a_slow_one_keeps_nobody_waiting(
    site: Site, hospital: Hospital, subscribers: tuple[Subscriber, Subscriber], say: Say
) -> None:
    slow, quick = subscribers
    site.bring_up(site.program("work"))
    with FhirClient(site.base) as client:
        late = _active(client, slow.wants(timeout=10, max_count=50))
        soon = _active(client, quick.wants())
        slow.slow = 3.0
        _send(hospital, client, 8, step=2)
        settled = _total(site, soon)
        until(lambda: hospital.open_cases() == 0, 90.0, "every case ends")
        until(lambda: len(quick.numbers) == _total(site, soon), 3.0, "the quick one has everything")
        behind = len(slow.numbers)
        assert settled <= _total(site, soon)
        assert behind < len(quick.numbers)
        slow.slow = 0.0
        _told(site, slow, late)
    assert not quick.out_of_order()
    say(f"{len(quick.numbers)} changes; the slow one had {behind} of them when the quick one had all")


# -- what is looked at -------------------------------------------------------------------------


def _active(client: FhirClient, wanted: Resource) -> str:
    made = client.create(wanted).location
    until(lambda: client.read(made).body["status"] == "active", 30.0, "the handshake is taken")
    return made


def _send(hospital: Hospital, client: FhirClient, count: int, step: int = 1) -> None:
    """With a step of two only stories that need no specialist."""
    for number in range(0, count, step):
        hospital.send(client, "heard", number)


def _told(site: Site, subscriber: Subscriber, made: str) -> None:
    """Everything that is numbered has been told, in order, and is well formed."""
    until(lambda: len(subscriber.numbers) == _total(site, made), _TOLD, "everything has been told")
    assert not subscriber.out_of_order()
    assert subscriber.wrong == []
    assert subscriber.notifications[-1].total == _total(site, made)


def _total(site: Site, made: str) -> int:
    """How many events the store has numbered."""
    return int(_ask(site, "select events from subscription where id = ?", made.partition("/")[2])[0][0])


def _by_task(subscriber: Subscriber) -> Counter[str]:
    return Counter(each.focus for each in subscriber.events)


def _versions(client: FhirClient) -> Counter[str]:
    """How often each Task has been written, as its history says.

    Without those that show a specialist both opinions: of these no subscriber is told (decision 33).
    """
    found: Counter[str] = Counter()
    for task in _all_tasks(client):
        if "final-read" in codes_of(task["code"]):
            continue
        key = f"Task/{task['id']}"
        found[client.url(key)] = int(task["meta"]["versionId"])
    return found


def _all_tasks(client: FhirClient) -> list[Resource]:
    return client.search("Task", {"_count": "500"})


def _numbers(bundle: Resource) -> list[str]:
    return [
        each["name"]
        for each in bundle["entry"][0]["resource"]["parameter"]
        if each["name"] == "notification-event"
    ]


def _kill_while_telling(site: Site, work: Program) -> None:
    held = "select 1 from delivery where case_id is null and lease_token is not null"
    until(lambda: _ask(site, held), 60.0, "something is being told")
    work.kill_group()


def _ask(site: Site, query: str, *values: str) -> list[tuple[int, ...]]:
    path = site.data / "second-reader.db"
    connection = pysqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
    try:
        found: list[tuple[int, ...]] = connection.execute(query, values).fetchall()
        return found
    finally:
        connection.close()
