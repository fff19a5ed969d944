"""Who assesses for a patient has not seen what was said upon an earlier result either."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from server.model import ContestEnd, Decided, Finding
from server.store.followed import Followed
from tests.access.ward import Ward
from tests.test_story_assessment import LINE, request, shown
from tests.test_story_outcome import basis, finding, outcome
from tests.test_story_sight import assessed, door, over, sight, specialist
from tests.test_story_unread import upon
from tests.world import BACTERIAL, VIRAL, Hospital, World, answer_as, send_case

__all__ = ["door"]


def _outcome(world: World, sent: Hospital) -> str:
    return f"Task/{outcome(world, sent, finding(), basis()).json['id']}"


def _contest(world: World, sent: Hospital) -> str:
    made = world.post(upon(world, sent, "contest", "C-1", reasonCode={"text": "It is bacterial."}))
    world.run()
    return f"Task/{made['id']}"


def _word(world: World, sent: Hospital) -> str:
    told: dict[str, Any] = {
        "resourceType": "Communication",
        "status": "completed",
        "subject": {"reference": sent.patient},
        "about": [{"reference": f"Task/{sent.task_id}"}],
        "payload": [{"contentString": "The specialist does not agree."}],
    }
    return f"Communication/{world.post(told)['id']}"


def _task(_: World, sent: Hospital) -> str:
    return f"Task/{sent.task_id}"


UPON: dict[str, Callable[[World, Hospital], str]] = {
    "outcome": _outcome,
    "contest": _contest,
    "word": _word,
    "Task": _task,
}


def _decided(world: World, sent: Hospital) -> None:
    """A contest that is open keeps the question from being asked anew."""
    case = str(world.house.ledger.case_of_task(sent.task_id))
    if world.state(sent.task_id) == "contested":
        Followed(world.house.database).end_contest(
            case, Decided(ContestEnd.UPHELD, "Dr. Tarn", "It stands."), world.watch()
        )
        world.run()


@pytest.mark.parametrize("client", ["third", "sorrel"])
@pytest.mark.parametrize("what", UPON)
def test_whose_system_has_read_what_was_said_upon_a_result_is_not_asked(
    door: Ward, client: str, what: str
) -> None:
    sent = over(door.world)
    said = UPON[what](door.world, sent)
    _decided(door.world, sent)
    door.world.watch.forward(seconds=1)
    assert door.ask(client, "GET", said).status_code == 200
    assert door.world.state(assessed(door.world, sent)) == "held"


@pytest.mark.parametrize("what", UPON)
def test_another_hospitals_system_that_has_read_it_is_nothing_to_the_assessor(door: Ward, what: str) -> None:
    sent = over(door.world)
    said = UPON[what](door.world, sent)
    _decided(door.world, sent)
    door.world.watch.forward(seconds=1)
    assert door.ask("general", "GET", said).status_code == 200
    task = assessed(door.world, sent)
    assert sight(door.world, task)[0] is Finding.DIFFERENT
    assert shown(door.world, task)[0] == "independent"


@pytest.mark.parametrize("what", ["outcome", "word"])
def test_read_by_a_system_that_speaks_for_nobody_it_is_not_known(door: Ward, what: str) -> None:
    sent = over(door.world)
    said = UPON[what](door.world, sent)
    door.world.watch.forward(seconds=1)
    assert door.ask("nobody", "GET", said).status_code == 200
    assert sight(door.world, assessed(door.world, sent))[0] is Finding.UNKNOWN


def test_a_system_that_speaks_for_nobody_may_read_the_task_that_it_has_placed(door: Ward) -> None:
    sent = over(door.world)  # placed by "anybody"
    door.world.watch.forward(seconds=1)
    assert door.ask("anybody", "GET", f"Task/{sent.task_id}").status_code == 200
    assert sight(door.world, assessed(door.world, sent))[0] is Finding.DIFFERENT


def test_of_another_system_that_speaks_for_nobody_it_is_not_known(door: Ward) -> None:
    sent = over(door.world)
    door.world.watch.forward(seconds=1)
    assert door.ask("nobody", "GET", f"Task/{sent.task_id}").status_code == 200
    assert sight(door.world, assessed(door.world, sent))[0] is Finding.UNKNOWN


@pytest.mark.parametrize("client", ["sorrel", "anybody"])
@pytest.mark.parametrize("query", ["Task?patient={0}", "Task/_history", "Communication?patient={0}"])
def test_a_search_for_what_is_said_upon_results_leaves_it_unknown(
    door: Ward, client: str, query: str
) -> None:
    sent = over(door.world)
    door.world.watch.forward(seconds=1)
    assert door.ask(client, "GET", query.format(sent.patient)).status_code == 200
    assert sight(door.world, assessed(door.world, sent))[0] is Finding.UNKNOWN


def test_a_task_tells_nothing_before_its_case_is_answered(door: Ward) -> None:
    world = door.world
    sent = send_case(world, VIRAL)
    role = {**world.get(sent.role), "extension": [{"url": LINE, "valueCode": "nobody"}]}
    assert world.put(role).status_code == 200
    world.run()
    for client in ("sorrel", "third"):
        assert door.ask(client, "GET", f"Task/{sent.task_id}").status_code == 200
        assert door.ask(client, "GET", f"Task?patient={sent.patient}").status_code == 200
    world.watch.forward(seconds=1)
    answer_as(world, "PractitionerRole/quill", BACTERIAL)
    world.run()
    specialist(world, "sorrel", "third")
    assert sight(world, assessed(world, sent))[0] is Finding.DIFFERENT


@pytest.mark.parametrize(
    ("query", "found"),
    [("Task?owner=PractitionerRole/sorrel", Finding.DIFFERENT), ("Task?patient={0}", Finding.UNKNOWN)],
)
def test_a_worklist_shows_no_earlier_end_and_the_patients_tasks_may(
    door: Ward, query: str, found: Finding
) -> None:
    sent = over(door.world)
    door.world.watch.forward(seconds=1)
    task = str(door.world.post(request(sent, "human"))["id"])
    door.world.run()
    door.world.watch.forward(seconds=1)
    assert door.ask("sorrel", "GET", query.format(sent.patient)).status_code == 200
    answer_as(door.world, "PractitionerRole/sorrel", VIRAL)
    door.world.run()
    assert sight(door.world, task)[0] is found
