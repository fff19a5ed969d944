"""What is owed once a result is released, from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from server.clock import now
from server.errors import Category, Fault
from server.model import ReadingRules
from server.times import instant
from tests.test_commands import Run, case_of, run
from tests.test_story_assessment import request
from tests.test_story_contest import contest
from tests.test_story_unread import delivered
from tests.world import VIRAL, World, make_world, send_case, with_policy

__all__ = ["run"]
RULED = """
[reading]
remind_after = "24 h"
remind_every = "24 h"
escalate_after = "72 h"
coordinator = "Second opinion desk"
"""
"""As RULES."""
RULES = ReadingRules(timedelta(hours=24), timedelta(hours=24), timedelta(hours=72), "Second opinion desk")


@pytest.fixture
def world(tmp_path: Path, run: Run) -> Iterator[World]:
    del run
    yield from make_world(tmp_path / "data", policy=with_policy(reading=RULES))


def test_unread_results_are_listed_and_acknowledged(world: World, run: Run) -> None:
    assert run("unread").output == "every result has been read\n"
    case = case_of(world, delivered(world).task_id)
    [line] = run("unread").output.splitlines()
    assert line.startswith(f"{case}  sent")
    assert "first reader" in line
    assert run("acknowledge", case, "--by", "Dr. Tarn").output == f"{case}: read by Dr. Tarn\n"
    assert run("unread").output == "every result has been read\n"


def test_what_is_not_released_is_not_acknowledged(world: World, run: Run) -> None:
    sent = send_case(world, VIRAL, report_more={"status": "preliminary"})
    world.run()
    with pytest.raises(Fault, match="only a result that was released") as refused:
        run("acknowledge", case_of(world, sent.task_id), "--by", "Dr. Tarn")
    assert refused.value.category is Category.CONFLICT
    with pytest.raises(Fault, match="there is no such case"):
        run("acknowledge", "nobody", "--by", "Dr. Tarn")


def test_while_a_person_has_stopped_the_case_it_is_said_what_comes_first(world: World, run: Run) -> None:
    case = case_of(world, delivered(world).task_id)
    run("hold", case, "--by", "Dr. Tarn", "--reason", "to be looked at")
    with pytest.raises(Fault, match="once it is resumed") as refused:
        run("acknowledge", case, "--by", "Dr. Tarn")
    assert refused.value.category is Category.CONFLICT


def test_contests_are_listed_and_decided(world: World, run: Run) -> None:
    assert run("contests").output == "nothing is contested\n"
    sent = delivered(world)
    case = case_of(world, sent.task_id)
    words = ("--end", "upheld", "--by", "Dr. Tarn", "--reason", "looked at again")
    with pytest.raises(Fault, match="only a contested result"):
        run("contest", case, *words)
    contest(world, sent)
    [line] = run("contests").output.splitlines()
    assert line.startswith(f"{case}  contested")
    assert "medical director" in line
    assert run("contest", case, "--end", "refused", *words[2:]).exit_code == 2
    assert run("contest", case, *words).output.startswith(f"{case} is upheld")
    world.watch.time = now()  # the command was given by the clock of this machine
    world.run()
    assert world.state(sent.task_id) == "sent", "what was told last is to be read"
    assert run("contests").output == "nothing is contested\n"


def test_assessments_are_listed_with_who_owes_what_until_when(world: World, run: Run) -> None:
    assert run("assessments").output == "no assessment is owed\n"
    sent = delivered(world)
    world.watch.time = now()
    task = str(world.post(request(sent, "human"))["id"])
    world.run()
    [line] = run("assessments").output.splitlines()
    until = instant(world.watch() + timedelta(days=5))
    assert line.startswith(f"{case_of(world, task)}  held        coordinator owes the opinion until {until}")
    assert line.endswith(f"bacterial-meningitis  Task/{task}")


def test_a_late_one_says_since_when(world: World, run: Run) -> None:
    sent = delivered(world)
    world.post(request(sent, "human"))
    world.run()
    [line] = run("assessments").output.splitlines()
    assert "coordinator owes the opinion late since 2026-01-10T09:00" in line
