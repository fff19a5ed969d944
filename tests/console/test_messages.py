"""GET /messages: what became of each, why, and nothing of what it says."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from server.messages import Heard, Settled, Standing
from tests.world import World

HOSTILE = "<script>alert(1)</script>"


def heard(number: int, at: datetime) -> Heard:
    raw = f"MSH|^~\\&|{number}|SECRET".encode()
    return Heard(
        id=f"message-{number}",
        link="ris",
        sender="RIS|DEMO",
        control_id=f"{number}{HOSTILE}",
        kind="ORU^R01",
        structure="ORU_R01",
        version="2.5.1",
        sent_at=None,
        received_at=at,
        raw=raw,
        digest=hashlib.sha256(raw).hexdigest(),
        lanes=(),
        answer=b"MSA|AA",
        notes=("lf-between-segments",),
    )


def hold(world: World) -> None:
    """One message is held, one waits."""
    inbox = world.house.inbox
    inbox.keep(heard(1, world.watch()))
    claim = inbox.claim(world.watch())
    assert claim is not None
    inbox.settle(claim, Settled(Standing.HELD, ("a person must look",)), world.watch())
    inbox.keep(replace(heard(2, world.watch()), notes=()))


def test_what_became_of_messages_is_told_and_nothing_that_they_say(world: World) -> None:
    hold(world)
    answer = world.client.get("/messages", headers={"Accept": "application/json"})
    second, first = answer.get_json()["messages"]
    assert (first["standing"], second["standing"]) == ("held", "waiting")
    assert first["reasons"] == ["a person must look"]
    assert first["notes"] == ["lf-between-segments"]
    assert "SECRET" not in answer.text


def test_a_page_shows_hostile_text_as_text(world: World) -> None:
    hold(world)
    page = world.client.get("/messages", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert HOSTILE not in page.text
    assert "lf-between-segments" in page.text


def test_only_those_of_one_standing(world: World) -> None:
    hold(world)
    answer = world.client.get("/messages?standing=held", headers={"Accept": "application/json"})
    assert [each["standing"] for each in answer.get_json()["messages"]] == ["held"]


def test_an_empty_page_says_where_messages_come_from(world: World) -> None:
    assert "MLLP" in world.client.get("/messages", headers={"Accept": "text/html"}).text
