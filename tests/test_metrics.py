"""/metrics: what an operator watches, and nothing that is under seal."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from server import metrics
from server.case import State, public_state
from server.counting import Counts
from server.dicom.receive import counts as dicom
from server.hl7v2.listen import counts as mllp
from server.metrics import Doors, exposition
from server.store.tables import cases
from tests.console.test_messages import hold
from tests.world import BACTERIAL, World, send_case


def samples(world: World) -> dict[tuple[str, str], float]:
    text = exposition(world.house.ledger, world.house.deliveries, world.house.inbox).decode()
    return {
        (each.name, each.labels.get("state") or each.labels.get("standing", "")): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


@pytest.fixture(autouse=True)
def _one_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "now", world.watch)


def test_an_empty_house(world: World) -> None:
    assert samples(world) == {
        ("second_reader_cases_late", ""): 0,
        ("second_reader_message_waiting_seconds", ""): 0,
    }


def test_cases_and_deliveries_by_state(world: World) -> None:
    send_case(world, BACTERIAL, number="T-1")
    world.run()
    send_case(world, BACTERIAL, number="T-2")
    while world.cases.once():
        pass
    assert samples(world) == {
        ("second_reader_cases", "closed"): 1,
        ("second_reader_cases", "written-up"): 1,
        ("second_reader_deliveries", "delivered"): 2,
        ("second_reader_deliveries", "waiting"): 2,
        ("second_reader_cases_late", ""): 0,
        ("second_reader_message_waiting_seconds", ""): 0,
    }


def test_messages_by_standing_and_how_long_they_wait(world: World) -> None:
    hold(world)
    world.watch.forward(seconds=7)
    assert samples(world)["second_reader_messages", "held"] == 1
    assert samples(world)["second_reader_messages", "waiting"] == 1
    assert samples(world)["second_reader_message_waiting_seconds", ""] == 7


def test_cases_that_no_worker_takes_up_are_late_after_a_minute(world: World) -> None:
    send_case(world, BACTERIAL)
    at: datetime = world.watch.time
    world.watch.forward(seconds=60)
    assert samples(world)["second_reader_cases_late", ""] == 0
    world.watch.forward(seconds=1)
    assert samples(world)["second_reader_cases_late", ""] == 1
    world.watch.time = at


def test_states_under_seal_are_counted_together(world: World) -> None:
    for number, state in enumerate(State):
        sent = send_case(world, BACTERIAL, number=f"T-{number}")
        world.house.database.write(
            lambda c, state=state, task=sent.task_id: c.execute(
                update(cases).where(cases.c.task_id == task).values(state=state.value)
            )
        )
    counted = {state: n for (name, state), n in samples(world).items() if name == "second_reader_cases"}
    shown = [public_state(state) for state in State]
    assert counted == {str(state): shown.count(state) for state in set(shown)}
    assert counted["compared"] == 8


def said(world: World, door: str, doors: Doors) -> dict[tuple[str, ...], float]:
    prefix = f"second_reader_{door}_"
    text = exposition(world.house.ledger, world.house.deliveries, world.house.inbox, (), doors).decode()
    return {
        (each.name.removeprefix(prefix), *each.labels.values()): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
        if each.name.startswith(prefix)
    }


def test_the_dicom_door_as_its_listeners_have_told(world: World) -> None:
    counts = Counts(dicom.NAMES, 1)
    part = counts.part(0)
    part.add("objects stored", 2)
    part.add("associations rejected calling_ae")
    part.add("aborted too slow")
    part.add("bytes", 700)
    part.took(0.002)
    part.took(0.3)
    told = counts.told(world.watch().timestamp() - 1.0, 3)
    part._words.release()
    counts.close()

    found = said(world, "dicom", Doors(dicom=told))
    assert (found["up",], found["associations",], found["bytes_total",]) == (1, 3, 700)
    assert found["objects_total", "stored"] == 2
    assert found["associations_total", "calling_ae"] == 1
    assert found["aborts_total", "too slow"] == 1
    assert found["durable_seconds_bucket", "0.0025"] == 1
    assert found["durable_seconds_bucket", "+Inf"] == found["durable_seconds_count",] == 2
    assert found["durable_seconds_sum",] == pytest.approx(0.302)
    stale = said(world, "dicom", Doors(dicom=replace(told, at=told.at - 60)))
    assert (stale["up",], stale["associations",], stale["bytes_total",]) == (0, 0, 700)


def test_the_hl7_v2_door_as_its_listeners_have_told(world: World) -> None:
    counts = Counts(mllp.NAMES, 1)
    part = counts.part(0)
    part.add("messages answered", 2)
    part.add("messages begun-anew")
    part.add("connections refused address")
    part.add("connections ended too slow")
    part.add("bytes", 700)
    part.took(0.002)
    told = counts.told(world.watch().timestamp() - 1.0, 3)
    part._words.release()
    counts.close()
    found = said(world, "mllp", Doors(mllp=told))
    assert (found["up",], found["connections",], found["bytes_total",]) == (1, 3, 700)
    assert (found["messages_total", "answered"], found["messages_total", "begun-anew"]) == (2, 1)
    assert found["connections_total", "address"] == found["ends_total", "too slow"] == 1
    assert found["answer_seconds_count",] == 1
    assert said(world, "dicom", Doors(mllp=told)) == {}
