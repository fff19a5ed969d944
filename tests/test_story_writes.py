"""Everything that we write ourselves would be accepted at our own door: each version, and each document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from server.directory import load_directory
from server.errors import Fault
from server.fhir.bindings import KEPT
from server.fhir.parse import BUNDLE_BYTES, parse
from server.fhir.validate import check
from server.model import Withdrawal
from server.ports import Past
from tests.world import (
    BACTERIAL,
    SPECIALTY,
    VIRAL,
    World,
    answer_as,
    coded,
    doctor,
    observation,
    send_case,
    sign_as,
)


def offered(world: World) -> dict[str, Any]:
    [entry] = world.get("Task?status=requested&code=specialist-read")["entry"]
    return dict(entry["resource"])


def agreement(world: World) -> None:
    send_case(world, BACTERIAL)
    world.run()


def declined(world: World) -> None:
    world.reader.answer = None
    amended(world)


def amended(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    send_case(world, VIRAL)
    world.run()
    answer_as(world, specialist, BACTERIAL)
    world.run()


def incomplete(world: World) -> None:
    sent = send_case(world, BACTERIAL, without=lambda made: made["code"]["coding"][0]["code"] == "26511-6")
    world.run()
    world.post(observation(sent.patient, "26511-6", "90"))
    world.run()


def lapsed(world: World) -> None:
    send_case(world, without=lambda _: True)
    world.run()
    world.watch.forward(hours=49)
    world.run()


def rejected(world: World) -> None:
    send_case(world, BACTERIAL, restriction={"period": {"end": "2026-01-05T08:00:00Z"}})
    world.run()


def passed_on(world: World) -> None:
    for name in ("Quill", "Reed", "Tarn"):
        doctor(world, name, f"Elsewhere {name}", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    world.put({**offered(world), "status": "rejected", "statusReason": {"text": "away"}})
    world.run()
    world.watch.forward(minutes=31)
    world.run()
    world.put({**offered(world), "status": "accepted"})
    world.run()
    world.watch.forward(minutes=61)
    world.run()
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.end(case, "Dr. Tarn", "nobody can", world.watch())
    world.run()


def unusable(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    send_case(world, VIRAL)
    world.run()
    offer = offered(world)
    world.put({**offer, "status": "accepted"})
    world.run()
    sign_as(world, specialist, offer["id"], None)
    world.run()
    sign_as(world, specialist, offer["id"], VIRAL)
    world.run()


def corrected(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    world.put({**sent.report, "status": "corrected", "conclusionCode": [coded(BACTERIAL)]})
    world.run()


def taken_back(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    world.put({**sent.report, "status": "entered-in-error"})
    world.run()


def withdrawn(world: World) -> None:
    amended(world)
    [case] = world.house.ledger.recent(1)
    world.house.ledger.withdraw(case.id, Withdrawal("Dr. Tarn", "wrong unit", world.watch()))
    world.run()


def sparse(world: World) -> None:
    """Everything that an EHR may leave out, and with a narrative and an extension that it may send."""
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    send_case(
        world,
        None,
        report_more={"status": "amended"},
        note=[{"text": "soon, please"}],
        requester={"display": "Dr. Dapple"},
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">please</div>'},
        extension=[{"url": "urn:x", "valueString": "y"}],
        businessStatus={"text": "new"},
    )
    world.run()
    answer_as(world, specialist, BACTERIAL)
    world.run()


def ahead(world: World) -> None:
    """An EHR whose clock is before ours."""
    send_case(world, BACTERIAL, authoredOn="2026-01-05T09:03:00Z")
    send_case(world, BACTERIAL, number="T-2", authoredOn="2026-02")
    world.run()


def listed(world: World) -> None:
    """A directory from a table, twice, and a case for it."""
    line = "r1,p1,Quill,Ada,o1,Elsewhere,394807007,true,2,2026-02-01T00:00Z/2026-02-15T00:00Z"
    columns = "role_id,practitioner_id,family,given,organisation_id,organisation,specialty_code,active,"
    table = f"{columns}turnaround_hours,not_available\n{line}\n"
    load_directory(world.house, table, world.watch())
    load_directory(world.house, table.replace("Ada", "Ida"), world.watch())
    send_case(world, VIRAL)
    world.run()


STORIES = (
    agreement, declined, amended, incomplete, lapsed, rejected, passed_on, unusable, corrected, taken_back,
    withdrawn, sparse, ahead, listed,
)  # fmt: skip


def written(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every version of every resource, and every document."""
    for stored in world.house.shelf.history(Past(KEPT, 1_000)).found:
        if not stored.deleted:
            yield f"{stored.type} version {stored.version}", parse(stored.body)
    for document in world.courier.sent:
        yield f"document {document.kind}", parse(document.content, limit=BUNDLE_BYTES)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_everything_that_a_story_writes_is_valid(world: World, story: Any) -> None:
    story(world)
    wrong = []
    kinds = set()
    for what, resource in written(world):
        kinds.add(resource["resourceType"])
        try:
            check(resource)
        except Fault as failure:
            wrong.append((what, str(failure), json.dumps(resource, default=str)[:300]))
    assert not wrong, wrong
    assert "Task" in kinds
    assert "Bundle" in kinds
