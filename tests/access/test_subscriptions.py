"""Whose a Subscription is, and what is told under which rights: when it happens, when it is told, later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.access.ward import Ward, told, ward
from tests.test_notifier import HOOK, Desk, Subscriber, desk_of, focuses, numbers, said, subscription
from tests.world import SR, Hospital, send_case

SUBSCRIBE = "system/Subscription.cruds"
CLIENTS = {
    "ehr": "system/*.cruds",
    "sees": f"{SUBSCRIBE} system/Task.rs",
    "other": f"{SUBSCRIBE} system/Task.rs",
    "high": f"{SUBSCRIBE} system/Task.r?priority=stat",
    "late": f"{SUBSCRIBE} system/Task.r?status=on-hold,requested,in-progress,accepted,received,completed",
    "blind": f"{SUBSCRIBE} system/Patient.rs",
    "none": "system/Task.cruds",
}


@pytest.fixture
def subscriber() -> Subscriber:
    return Subscriber()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Ward]:
    with ward(tmp_path, CLIENTS, subscribers=(HOOK,)) as made:
        yield made


@pytest.fixture
def desk(door: Ward, subscriber: Subscriber) -> Desk:
    return desk_of(door.world, subscriber)


def subscribe(door: Ward, client: str, *said_: Any, **more: Any) -> str:
    answer = door.ask(client, "POST", "Subscription", subscription(*said_, **more))
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def send(door: Ward, **more: Any) -> Hospital:
    """A case of the EHR's."""
    token = door.token("ehr", CLIENTS["ehr"])
    door.world.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    try:
        return send_case(door.world, **more)
    finally:
        del door.world.client.environ_base["HTTP_AUTHORIZATION"]


def found(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["resource"]["id"] for each in answer.json.get("entry", [])]


@pytest.mark.parametrize("stranger", ["other", "ehr"])
def test_nobody_sees_a_foreign_one(door: Ward, stranger: str) -> None:
    """Neither by any way of reading it nor by writing to it; its channel holds a secret."""
    id_ = subscribe(door, "sees", channel={"header": ["Authorization: Bearer secret"]})
    ways = (
        ("GET", f"Subscription/{id_}"),
        ("GET", f"Subscription/{id_}/_history/1"),
        ("GET", f"Subscription/{id_}/_history"),
        ("GET", f"Subscription/{id_}/$status"),
        ("GET", f"Subscription/{id_}/$events"),
    )
    for method, path in ways:
        assert told(door.ask(stranger, method, path)) == (404, "not-found"), path
    assert found(door.ask(stranger, "GET", "Subscription")) == []
    assert found(door.ask(stranger, "GET", f"Subscription?url={HOOK}")) == []
    assert found(door.ask(stranger, "GET", "Subscription/_history")) == []
    assert door.ask(stranger, "GET", "Subscription/$status").json["total"] == 0
    assert "secret" not in door.ask(stranger, "GET", "_history").text
    taken = door.ask(stranger, "PUT", f"Subscription/{id_}", subscription(id=id_, status="off"))
    assert told(taken) == (403, "forbidden")
    door.ask(stranger, "DELETE", f"Subscription/{id_}")
    assert door.ask("sees", "GET", f"Subscription/{id_}").json["status"] == "requested"


def test_its_owner_sees_it(door: Ward) -> None:
    id_ = subscribe(door, "sees")
    assert found(door.ask("sees", "GET", "Subscription")) == [id_]
    assert door.ask("sees", "GET", f"Subscription/{id_}/$status").json["total"] == 1
    assert door.ask("sees", "GET", "Subscription/$status?status=active").json["total"] == 0
    assert door.ask("sees", "GET", f"Subscription/$status?status=requested&id={id_}").json["total"] == 1


def test_whose_it_is_is_not_for_the_sender_to_say(door: Ward) -> None:
    forged = {"tag": [{"system": f"{SR}/client", "code": "other"}, {"system": "x", "code": "y"}]}
    id_ = subscribe(door, "sees", meta=forged)
    tags = door.ask("sees", "GET", f"Subscription/{id_}").json["meta"]["tag"]
    assert tags == [{"system": "x", "code": "y"}, {"system": f"{SR}/client", "code": "sees"}]
    patch = [{"op": "replace", "path": "/meta/tag/1/code", "value": "other"}]
    content = {"Content_Type": "application/json-patch+json"}
    assert door.ask("sees", "PATCH", f"Subscription/{id_}", patch, **content).status_code == 200
    assert found(door.ask("other", "GET", "Subscription")) == []


@pytest.mark.parametrize("client", ["blind", "none"])
def test_it_takes_the_scope_of_what_is_told(door: Ward, client: str) -> None:
    """F-136."""
    assert told(door.ask(client, "POST", "Subscription", subscription())) == (403, "forbidden")


def test_only_what_its_owner_may_read_is_an_event(door: Ward, desk: Desk, subscriber: Subscriber) -> None:
    sees, high = subscribe(door, "sees"), subscribe(door, "high")
    desk.run()
    send(door, number="T-1", priority="routine")
    urgent = send(door, number="T-2", priority="stat")
    desk.run()
    status = door.ask("high", "GET", f"Subscription/{high}/$status").json["entry"][0]
    count = int(said({"entry": [status]}, "events-since-subscription-start"))
    told_high = door.ask("high", "GET", f"Subscription/{high}/$events").json
    assert numbers(told_high) == list(range(1, count + 1))
    assert {each.rpartition("/")[2] for each in focuses(told_high)} == {urgent.task_id}
    assert len(numbers(door.ask("sees", "GET", f"Subscription/{sees}/$events").json)) > count


def test_rights_that_are_taken_away_before_the_sending(
    door: Ward, desk: Desk, subscriber: Subscriber, tmp_path: Path
) -> None:
    """A-063: the number is told, so that nothing looks lost; which Task it is, and what it says, is not."""
    subscribe(door, "sees", content="full-resource")
    desk.run()
    send(door)
    _rewrite(tmp_path, "Task.rs", "Task.rs?priority=stat", "sees")
    desk.run()
    [told_] = [each for each in subscriber.bundles if numbers(each)]
    assert numbers(told_) == [1]
    assert len(told_["entry"]) == 1
    assert "Task/" not in subscriber.got[-1].content.decode()


def test_an_owner_who_is_no_longer_registered(
    door: Ward, desk: Desk, subscriber: Subscriber, tmp_path: Path
) -> None:
    subscribe(door, "sees")
    desk.run()
    _rewrite(tmp_path, 'client_id = "sees"', 'client_id = "somebody-else"', "sees")
    send(door)
    desk.run()
    assert subscriber.numbers == []


def test_no_more_than_was_granted_when_it_was_made(door: Ward, desk: Desk, subscriber: Subscriber) -> None:
    """A token of fewer scopes makes a Subscription of fewer rights."""
    token = door.token("ehr", f"{SUBSCRIBE} system/Task.r?priority=stat")
    made = door.bare("POST", "Subscription", subscription(), Authorization=f"Bearer {token}")
    assert made.status_code == 201
    desk.run()
    send(door)
    desk.run()
    assert subscriber.numbers == []


def _rewrite(folder: Path, old: str, new: str, client: str) -> None:
    path = folder / "clients.toml"
    head, mark, tail = path.read_text().partition(f'client_id = "{client}"')
    text = mark + tail
    assert old in text
    path.write_text(head + text.replace(old, new, 1) + "\n")
