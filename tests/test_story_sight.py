"""Who assesses for a patient has seen no earlier opinion: as far as it is recorded, and told where not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.looking import Looks
from server.model import Finding
from tests.access.ward import ALL, Ward, ward
from tests.fhir.test_speaking import speaking
from tests.test_story_assessment import LINE, record, request, shown
from tests.world import BACTERIAL, SPECIALTY, VIRAL, Hospital, World, answer_as, coded, send_case

SPEAKS = {
    "general": '["Organization/general"]',
    "third": '["Organization/third"]',
    "sorrel": '["PractitionerRole/sorrel"]',
}
CLIENTS = dict.fromkeys((*SPEAKS, "anybody", "nobody"), ALL)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Ward]:
    with ward(tmp_path, CLIENTS, {"anybody": '["operator"]'}, SPEAKS) as made, speaking(made, "anybody"):
        for name in ("elsewhere", "third"):
            put(made.world, {"resourceType": "Organization", "id": name, "name": name})
        specialist(made.world, "quill", "elsewhere")
        yield made


def put(world: World, resource: dict[str, Any]) -> None:
    path = f"{resource['resourceType']}/{resource['id']}"
    assert world.send("PUT", path, resource).status_code == 201


def specialist(world: World, name: str, house: str) -> str:
    put(world, {"resourceType": "Practitioner", "id": name, "name": [{"family": name}]})
    role = {
        "resourceType": "PractitionerRole",
        "id": name,
        "active": True,
        "practitioner": {"reference": f"Practitioner/{name}"},
        "organization": {"reference": f"Organization/{house}"},
        "specialty": [coded(SPECIALTY)],
        "extension": [{"url": LINE, "valueCode": "nobody"}],
    }
    put(world, role)
    return f"PractitionerRole/{name}"


def over(world: World) -> Hospital:
    """A case that has been answered by the first specialist; the second one is there to assess it."""
    sent = send_case(world, VIRAL)
    line = {**world.get(sent.role), "extension": [{"url": LINE, "valueCode": "nobody"}]}
    assert world.put(line).status_code == 200
    world.run()
    answer_as(world, "PractitionerRole/quill", BACTERIAL)
    world.run()
    specialist(world, "sorrel", "third")
    return sent


def output(world: World, sent: Hospital, kind: str) -> str:
    outputs = world.get(f"Task/{sent.task_id}")["output"]
    named = next(each for each in outputs if each["type"]["coding"][0]["code"] == kind)
    return str(named["valueReference"]["reference"]).partition("/_history")[0]


def assessed(world: World, sent: Hospital) -> str:
    world.watch.forward(seconds=1)
    task = str(world.post(request(sent, "human"))["id"])
    world.run()
    if world.state(task) == "offered":
        answer_as(world, "PractitionerRole/sorrel", VIRAL)
        world.run()
    return task


def sight(world: World, task: str) -> tuple[Finding, str]:
    [found] = [each for each in record(world, task).checks if each.what == "sight"]
    return found.finding, found.words


WHAT: dict[str, Callable[[World, Hospital], str]] = {
    "first report": lambda _, sent: f"DiagnosticReport/{sent.report['id']}",
    "history": lambda _, sent: f"DiagnosticReport/{sent.report['id']}/_history",
    "AI report": lambda world, sent: output(world, sent, "ai-opinion"),
    "specialist": lambda world, sent: output(world, sent, "specialist-report"),
    "notice": lambda world, sent: output(world, sent, "patient-notice"),
}


def test_of_whom_nothing_was_shown_the_label_is_given(door: Ward) -> None:
    sent = over(door.world)
    task = assessed(door.world, sent)
    finding, words = sight(door.world, task)
    assert finding is Finding.DIFFERENT
    assert words.startswith("no earlier opinion was shown at this server to the assessor")
    assert shown(door.world, task)[0] == "independent"


@pytest.mark.parametrize("client", ["third", "sorrel"])
@pytest.mark.parametrize("what", WHAT)
def test_whose_system_has_read_an_earlier_opinion_is_not_asked(door: Ward, client: str, what: str) -> None:
    sent = over(door.world)
    answer = door.ask(client, "GET", WHAT[what](door.world, sent))
    assert answer.status_code == 200
    task = assessed(door.world, sent)
    assert door.world.state(task) == "held"
    [held] = [e for e in door.world.trace(task)["history"] if e["event"] == "held for a person"]
    [mine] = [e for e in held["detail"]["weighed"] if e["role"] == "PractitionerRole/sorrel"]
    assert mine["reasons"] == ["was shown an earlier opinion: a system that speaks for them has read it"]


def test_others_are_asked_instead(door: Ward) -> None:
    sent = over(door.world)
    put(door.world, {"resourceType": "Organization", "id": "fourth", "name": "fourth"})
    specialist(door.world, "rue", "fourth")
    assert door.ask("sorrel", "GET", WHAT["AI report"](door.world, sent)).status_code == 200
    task = str(door.world.post(request(sent, "human"))["id"])
    door.world.run()
    assert door.world.state(task) == "offered"
    assert "entry" in door.world.get("Task?owner=PractitionerRole/rue&status=requested")


@pytest.mark.parametrize("what", WHAT)
def test_what_a_system_reads_that_speaks_for_others_alone_is_nothing_to_the_assessor(
    door: Ward, what: str
) -> None:
    sent = over(door.world)
    assert door.ask("general", "GET", WHAT[what](door.world, sent)).status_code == 200
    query = f"DiagnosticReport?subject={sent.patient}"
    assert door.ask("general", "GET", query).status_code == 200
    assert sight(door.world, assessed(door.world, sent))[0] is Finding.DIFFERENT


@pytest.mark.parametrize("what", WHAT)
def test_read_by_whoever_speaks_for_nobody_it_is_not_known_and_the_label_is_refused(
    door: Ward, what: str
) -> None:
    sent = over(door.world)
    assert door.ask("anybody", "GET", WHAT[what](door.world, sent)).status_code == 200
    task = assessed(door.world, sent)
    finding, words = sight(door.world, task)
    assert (finding, "speaks for nobody in particular has read one" in words) == (Finding.UNKNOWN, True)
    code, told = shown(door.world, task)
    assert code == "not-shown"
    assert words in told


@pytest.mark.parametrize("client", ["sorrel", "third", "anybody"])
@pytest.mark.parametrize(
    "query", ["DiagnosticReport?subject={0}", "{0}/$everything", "Task?patient={0}&_include=*"]
)
def test_a_search_that_may_have_shown_one_leaves_it_unknown_and_bars_nobody(
    door: Ward, client: str, query: str
) -> None:
    sent = over(door.world)
    assert door.ask(client, "GET", query.format(sent.patient)).status_code == 200
    finding, words = sight(door.world, assessed(door.world, sent))
    assert (finding, "what a search shows is not kept" in words) == (Finding.UNKNOWN, True)


def test_what_is_found_while_opinions_are_under_seal_shows_none(door: Ward) -> None:
    sent = over(door.world)
    task = str(door.world.post(request(sent, "human"))["id"])
    door.world.watch.forward(minutes=1)
    door.world.run()
    assert door.ask("sorrel", "GET", f"DiagnosticReport?subject={sent.patient}").status_code == 200
    assert door.ask("sorrel", "GET", WHAT["first report"](door.world, sent)).status_code == 403
    answer_as(door.world, "PractitionerRole/sorrel", VIRAL)
    door.world.run()
    assert sight(door.world, task)[0] is Finding.DIFFERENT


def test_where_nobody_is_told_apart_a_read_may_have_been_the_assessors(world: World) -> None:
    for name in ("elsewhere", "third"):
        put(world, {"resourceType": "Organization", "id": name, "name": name})
    specialist(world, "quill", "elsewhere")
    sent = over(world)
    world.get(WHAT["AI report"](world, sent))
    task = assessed(world, sent)
    assert sight(world, task)[0] is Finding.UNKNOWN
    assert shown(world, task)[0] == "not-shown"


def test_the_record_is_looked_through_once_for_a_write_up(
    door: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = over(door.world)
    task = str(door.world.post(request(sent, "human"))["id"])
    door.world.run()
    looks: list[str] = []
    before = Looks.__call__

    def counted(self: Looks, *asked: Any) -> Any:
        looks.append(asked[1])
        return before(self, *asked)

    monkeypatch.setattr(Looks, "__call__", counted)
    answer_as(door.world, "PractitionerRole/sorrel", VIRAL)
    door.world.run()
    assert door.world.state(task) == "closed"
    assert len(looks) == 1
