"""The command ``vouch``: what it says it did, and when it does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from server import vouching
from server.clock import now
from server.errors import Fault
from server.images import Named
from tests.test_story_images import FILMS, RULES, Hospital, film, send
from tests.world import POLICY, World, make_world


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The house that the command works on."""
    for made in make_world(tmp_path, card=FILMS, policy=replace(POLICY, images=RULES)):
        monkeypatch.setattr(vouching, "build", lambda _, house=made.house: house)
        yield made


def vouch(world: World, sent: Hospital) -> str:
    case = str(world.house.ledger.case_of_task(sent.task_id))
    result = CliRunner().invoke(vouching.vouch, [case, "--by", "Dr. Tarn", "--reason", "mistyped"])
    if isinstance(result.exception, Fault):
        raise result.exception
    assert result.exit_code == 0
    assert case in result.output
    return result.output.replace(case, "CASE")


@pytest.mark.parametrize(("number", "said"), [(1, "1 object"), (2, "2 objects")])
def test_it_says_what_goes_on_with_how_much_and_what_is_next(world: World, number: int, said: str) -> None:
    sent = send(world)
    for each in range(number):
        film(world, each + 1, Named("1.2.3", "P-OTHER", "", "ACC-1"))
    world.run()
    assert vouch(world, sent) == (
        f"CASE goes on from state received with 1 study of {said}; the worker looks at it next, "
        "and holds it again when anything else comes\n"
    )
    world.watch.time = now() + timedelta(hours=1)  # the command goes by the real clock
    world.run()
    assert world.state(sent.task_id) == "closed"


def test_without_a_study_there_is_nothing_to_vouch_for(world: World) -> None:
    sent = send(world)
    world.run()
    with pytest.raises(Fault, match="not exactly one study"):
        vouch(world, sent)


def test_a_case_that_is_not_held_is_not_moved(world: World) -> None:
    sent = send(world)
    film(world)
    world.run()
    with pytest.raises(Fault, match="only a held case can be vouched for"):
        vouch(world, sent)
