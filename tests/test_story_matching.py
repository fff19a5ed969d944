"""Who is asked: what a policy demands is asked of the directory, and what was measured here counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.fhir.qualifications import LICENCE_PLACE
from server.fhir.specialists import NOBODY, REPORTS_TO, TRACK_RECORD
from server.model import Coding, Matching, Spoken, Track, Weights
from tests.world import (
    BACTERIAL,
    SPECIALTY,
    VIRAL,
    World,
    answer_as,
    doctor,
    make_world,
    send_case,
    with_policy,
)

BOARD = Coding("urn:board", "id", "Infectious diseases")
EVEN = Weights(0.2, 0.2, 0.2, 0.2, 0.2)
ADDRESS = [{"use": "home", "country": "CH", "state": "ZH"}]
LANGUAGE = [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "fr"}]}}]


def made(folder: Path, **rules: Any) -> Iterator[World]:
    return make_world(folder, policy=with_policy(matching=Matching(**rules)))


def last(world: World, task: str) -> dict[str, Any]:
    return dict(world.trace(task)["history"][-1])


def offered(world: World, task: str) -> dict[str, Any]:
    [event] = [each for each in world.trace(task)["history"] if each["event"] == "offered"]
    return dict(event["detail"])


def add(world: World, reference: str, **more: Any) -> None:
    """Put elements to what is here."""
    assert world.put({**world.get(reference), **more}).status_code == 200


def person(world: World, role: str) -> str:
    return str(world.get(role)["practitioner"]["reference"])


def test_what_was_answered_here_is_measured_and_counts(tmp_path: Path) -> None:
    for world in made(tmp_path, measured=True, weights=EVEN):
        quill = doctor(world, "Quill", "Elsewhere", SPECIALTY)
        first = send_case(world, VIRAL)
        world.run()
        world.watch.forward(minutes=20)
        answer_as(world, quill, BACTERIAL)
        world.run()
        assert world.state(first.task_id) == "closed"
        tracks = world.house.ledger.tracks("bacterial-meningitis", world.watch())
        assert tracks == {quill: Track(0, 1, timedelta(minutes=20))}
        second = send_case(world, VIRAL, number="T-2")
        world.run()
        told = offered(world, second.task_id)
        # (3 x 60 min as the policy counts on + 20 min) / (3 + 1)
        assert any(each.startswith("needs 50 min as measured over 1 answers") for each in told["reasons"])
        assert (told["fit"], told["confidence"] > 0) == (1, True)
        assert world.house.ledger.tracks("another", world.watch()) == {quill: Track(open=1)}


def test_a_low_confidence_goes_to_a_coordinator_who_agrees_by_resuming(tmp_path: Path) -> None:
    for world in made(tmp_path, confidence=0.8):
        quill = doctor(world, "Quill", "Elsewhere", SPECIALTY)
        sent = send_case(world, VIRAL)
        world.run()
        assert world.state(sent.task_id) == "held"
        held = last(world, sent.task_id)["detail"]
        assert held["reason"] == "the best match has a confidence of 0.70, and the policy's cut is 0.8"
        assert [(each["role"], len(each["reasons"])) for each in held["best"]] == [(quill, 4)]
        assert world.history(sent.task_id)[-1] == ("on-hold", "awaiting-coordinator")
        case = str(world.house.ledger.case_of_task(sent.task_id))
        world.house.ledger.resume(case, "Dr. Tarn", world.watch())
        world.run()
        assert world.state(sent.task_id) == "offered"
        world.watch.forward(minutes=31)
        world.run()
        assert world.state(sent.task_id) == "held", "nobody is left"


DEMANDS = [
    {"credentials": (BOARD,)},
    {"licence": True},
    {"language": Spoken.SPECIALIST},
    {"reporting_line": True},
]


@pytest.mark.parametrize("rules", DEMANDS, ids=lambda rules: next(iter(rules)))
def test_who_does_not_say_what_is_demanded_is_not_asked_and_who_does_is(tmp_path: Path, rules: Any) -> None:
    for world in made(tmp_path, **rules):
        silent = doctor(world, "Silent", "Elsewhere", SPECIALTY)
        quill = doctor(world, "Quill", "Beyond", SPECIALTY)
        licence = {"url": LICENCE_PLACE, "valueCoding": {"system": "urn:iso:std:iso:3166", "code": "CH"}}
        code = {"coding": [{"system": BOARD.system, "code": BOARD.code}]}
        add(
            world,
            person(world, quill),
            qualification=[{"code": code, "extension": [licence]}],
            communication=[LANGUAGE[0]["language"]],
        )
        alone = [{"url": REPORTS_TO, "valueCode": NOBODY}]
        add(world, quill, extension=alone)
        sent = send_case(world, VIRAL)
        add(world, sent.patient, address=ADDRESS, communication=LANGUAGE)
        add(world, sent.role, extension=alone)
        world.run()
        told = offered(world, sent.task_id)
        assert (told["to"], told["fit"]) == (quill, 1)
        assert silent in [each["role"] for each in told["others"]]


def test_of_many_three_are_kept_and_the_best_is_asked(tmp_path: Path) -> None:
    for world in made(tmp_path, weights=EVEN):
        for number in range(6):
            role = doctor(world, f"Quill{number}", f"House {number}", SPECIALTY)
            parts = [
                {"url": "question", "valueCode": "bacterial-meningitis"},
                {"url": "per-year", "valueUnsignedInt": 10 * number},
            ]
            add(world, role, extension=[{"url": TRACK_RECORD, "extension": parts}])
        sent = send_case(world, VIRAL)
        world.run()
        told = offered(world, sent.task_id)
        assert (told["to"], told["fit"], told["weighed"]) == (role, 6, 7)
        fit = [each for each in told["others"] if each["score"] is not None]
        assert [each["score"] for each in fit] == sorted([each["score"] for each in fit], reverse=True)
        assert (len(fit), told["score"] > fit[0]["score"]) == (2, True)
        assert told["seed"] == world.house.ledger.case_of_task(sent.task_id)
