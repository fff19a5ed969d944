"""``messages``: listed, tried again, set aside, each decision with who and why."""

from __future__ import annotations

import json

import pytest

from server.errors import Category, Fault
from server.messages import Standing, Turned
from tests.console.test_messages import hold
from tests.test_commands import Run, run, world  # noqa: F401 - fixtures
from tests.world import World


@pytest.fixture
def held(world: World) -> str:  # noqa: F811
    hold(world)
    return "message-1"


def test_the_list_says_why(run: Run, held: str) -> None:  # noqa: F811
    told = run("messages", "list").output
    assert f"{held}  held" in told
    assert "    a person must look" in told
    [only] = json.loads(run("messages", "list", "--standing", "held", "--json").output)
    assert only["message"] == held


def test_a_held_message_is_tried_again(run: Run, world: World, held: str) -> None:  # noqa: F811
    assert held in run("messages", "retry", held, "--by", "somebody").output
    message = world.house.inbox.read(held)
    assert message is not None
    assert message.standing is Standing.WAITING
    assert message.reasons == ("a person must look", "tried again by somebody")


def test_a_held_message_is_set_aside(run: Run, world: World, held: str) -> None:  # noqa: F811
    run("messages", "set-aside", held, "--by", "somebody", "--reason", "sent by mistake")
    message = world.house.inbox.read(held)
    assert message is not None
    assert message.standing is Standing.SET_ASIDE
    assert message.reasons[-1] == "set aside by somebody: sent by mistake"


@pytest.mark.parametrize(
    ("which", "category"), [("message-2", Category.CONFLICT), ("nothing", Category.NOT_FOUND)]
)
def test_what_is_nobodys_to_decide_is_refused(run: Run, held: str, which: str, category: Category) -> None:  # noqa: F811
    with pytest.raises(Fault) as refused:
        run("messages", "retry", which, "--by", "somebody")
    assert refused.value.category is category
    assert held


def test_what_was_refused_is_listed_with_the_reason(run: Run, world: World) -> None:  # noqa: F811
    world.house.inbox.turn_away(Turned("ris", world.watch(), b"PID|", b"MSA|AR", "no MSH segment"))
    told = run("messages", "refused").output
    assert "ris  4 bytes  no MSH segment" in told
    number = told.split()[0]
    assert run("messages", "raw", number).output == "PID|\nMSA|AR\n"


def test_a_message_is_shown_as_it_came(run: Run, held: str) -> None:  # noqa: F811
    assert run("messages", "raw", held).output == "MSH|^~\\&|1|SECRET\nMSA|AA\n"
    assert run("messages", "raw", held, "--exact").stdout_bytes == b"MSH|^~\\&|1|SECRET"
    with pytest.raises(Fault, match="no such message"):
        run("messages", "raw", "nothing")


def test_nothing_in_a_message_moves_the_cursor(run: Run, world: World) -> None:  # noqa: F811
    world.house.inbox.turn_away(Turned("ris", world.watch(), b"PID|\x1b[2J\xff\r", b"", "why"))
    assert "\x1b" not in run("messages", "raw", "1").output


def test_a_person_may_accept_a_patient(run: Run, world: World, held: str) -> None:  # noqa: F811
    run("messages", "accept", held, "--by", "somebody", "--reason", "asked the ward")
    message = world.house.inbox.read(held)
    assert message is not None
    assert (message.standing, message.accepted) == (Standing.WAITING, True)
