"""As tests/test_story_blinding.py, under a gatekeeper and under concurrent reading.

A gatekeeper leaves a case to humans for several reasons, and nobody can tell for which one. Under concurrent
reading the first reader's system is sent what the model says, and nothing else tells of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.model import Answer, Gated, Passage, Pathway, Reveal, Withdrawal
from server.store.tables import delivery, document
from tests import test_story_blinding
from tests.test_story_blinding import (
    SAYS,
    Play,
    Views,
    accepted,
    body,
    corrected,
    declined,
    differences,
    expired,
    log,  # noqa: F401 - a fixture
    logged,
    look,
    renamed,
    revealed,
    signed,
    unsigned,
    waiting,
    worlds,  # noqa: F401 - a fixture
)
from tests.test_story_blinding_doors import HOOK, dicom, sealed, told
from tests.test_story_gatekeeper import GATE, OPENS_AFTER, asked
from tests.test_story_gatekeeper import signed as ruled_out_by_both
from tests.test_story_images import film, send
from tests.test_story_rights import refuse
from tests.world import CARD, SPECIALTY, VIRAL, Hospital, World, doctor

READ_AGAIN = replace(GATE, reread=1.0)
"""Whatever it would rule out is drawn to be read all the same."""
GATEKEEPER = {"pathway": Pathway.GATEKEEPER, "gate": READ_AGAIN, "audit_fraction": 1.0}
CONCURRENT = {"pathway": Pathway.CONCURRENT, "audit_fraction": 1.0}
TO_FIRST_READER = ("preview", "withdrawal")
"""Documents whose content may tell, at the system where the first reader reads."""
Worlds = Callable[..., World]


def proven(play: Play) -> Play:
    """The same, after the gatekeeper has proved itself, without anybody else."""

    @wraps(play)
    def after_proof(world: World) -> Hospital:
        says, usual = world.reader.answer, world.house.policies[CARD.question]
        policies: Any = world.house.policies
        policies[CARD.question] = replace(usual, audit_fraction=0.0)
        for number in range(OPENS_AFTER):
            ruled_out_by_both(world, asked(world, f"PROOF-{number}"), VIRAL)
            world.watch.forward(minutes=1)  # lists of cases are in the order of time
        policies[CARD.question], world.reader.answer = usual, says
        return play(world)

    return after_proof


def refused(world: World) -> Hospital:
    """The patient wants no model, once it has read."""
    sent = unsigned(world)
    refuse(world, sent.patient)
    world.run()
    return sent


def withdrawn(world: World) -> Hospital:
    """The model version is withdrawn once it has read."""
    sent = unsigned(world)
    world.house.ledger.withdraw_model(CARD.identity, Withdrawal("Ada", "it drifts", world.watch()))
    world.run()
    return sent


def passages(world: World, sent: Hospital) -> list[Passage]:
    case = str(world.house.ledger.case_of_task(sent.task_id))
    return [each.passage for each in world.house.ledger.facts(case, "gate", Gated)]


def seen_in(world: World, play: Play, says: Answer | None, *, otherwise: Passage | None = None) -> Views:
    """What every door answers, and what was sent when; what first readers alone are told left out.

    ``otherwise``: why a gatekeeper leaves to humans what the model would rule out.
    """
    world.reader.answer = says
    sent = play(world)
    if otherwise is not None:
        why = {Answer.PRESENT: Passage.NOT_BELOW, Answer.ABSENT: otherwise, None: Passage.SILENT}[says]
        assert passages(world, sent)[0] is why
    named: dict[str, str] = {}
    return look(world, sent) | {
        "sent": [
            (each.destination, each.kind, renamed(body(each.content), named) * public(each.kind))
            for each in world.courier.sent
        ],
        "sent when": deliveries(world),
    }


def public(kind: str) -> bool:
    return kind not in TO_FIRST_READER


def deliveries(world: World) -> list[tuple[Any, ...]]:
    d, v = document.c, delivery.c
    when = select(d.kind, d.destination, d.created_at, v.delivered_at, v.attempts, v.give_up_at)
    ordered = when.select_from(document.join(delivery)).order_by(d.created_at, d.case_id, d.number)
    return sorted(world.house.database.read(lambda c: [tuple(row) for row in c.execute(ordered)]), key=repr)


def named(each: Any) -> str | None:
    return getattr(each, "__name__", None)


# -- a gatekeeper -------------------------------------------------------------------------------------


@pytest.fixture
def unwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gatekeeper judges what no human has begun to write."""
    monkeypatch.setattr(test_story_blinding, "DRAFT", {"status": "registered"})


EARLY = (unsigned, corrected, waiting, refused)
LATE = (declined, expired, accepted)


@pytest.mark.usefixtures("unwritten")
@pytest.mark.parametrize("play", [*EARLY, *LATE], ids=named)
def test_why_a_gatekeeper_leaves_a_case_to_humans_is_not_to_be_told(worlds: Worlds, play: Play) -> None:  # noqa: F811
    views = {s: seen_in(worlds(**GATEKEEPER), play, s, otherwise=Passage.UNPROVEN) for s in SAYS}
    assert differences(views) == []


@pytest.mark.usefixtures("unwritten")
@pytest.mark.parametrize("play", [corrected, accepted], ids=named)
def test_nor_that_a_case_was_drawn_to_be_read(worlds: Worlds, play: Play) -> None:  # noqa: F811
    views = {s: seen_in(worlds(**GATEKEEPER), proven(play), s, otherwise=Passage.DRAWN) for s in SAYS}
    for each in views.values():  # who is not asked stands in the order of random ids
        each |= {
            path: sorted(re.split("[][{}<>,]", page)) for path, page in each.items() if "/cases/" in path
        }
    assert differences(views) == []


@pytest.mark.parametrize("play", [signed, revealed], ids=named)
@pytest.mark.parametrize("way", [GATEKEEPER, CONCURRENT], ids=lambda each: str(each["pathway"]))
def test_nor_in_the_second_stage(worlds: Worlds, play: Play, way: Mapping[str, Any]) -> None:  # noqa: F811
    views = {s: seen_in(worlds(reveal=Reveal.ALWAYS, **way), play, s) for s in SAYS}
    assert differences(views) == []


# -- concurrent reading -------------------------------------------------------------------------------


@pytest.mark.parametrize("play", [*EARLY, *LATE], ids=named)
def test_of_what_the_first_reader_is_shown_nobody_else_is_told(worlds: Worlds, play: Play) -> None:  # noqa: F811
    views, shown = {}, {}
    for says in SAYS:
        world = worlds(**CONCURRENT)
        views[says] = seen_in(world, play, says)
        shown[says] = {
            renamed(body(each.content), {}) for each in world.courier.sent if not public(each.kind)
        }
    assert differences(views) == []
    assert not set.intersection(*shown.values()), "the first reader is shown another thing in each"


@pytest.mark.parametrize("way", [GATEKEEPER, CONCURRENT], ids=lambda each: str(each["pathway"]))
def test_a_model_that_is_withdrawn_tells_nothing_afterwards(worlds: Worlds, way: Mapping[str, Any]) -> None:  # noqa: F811
    views = {s: seen_in(worlds(**way), withdrawn, s) for s in (Answer.PRESENT, Answer.ABSENT)}
    assert differences(views) == []


# -- the log and the other doors ----------------------------------------------------------------------


@pytest.mark.parametrize("play", [unsigned, accepted], ids=named)
@pytest.mark.parametrize("way", [GATEKEEPER, CONCURRENT], ids=lambda each: str(each["pathway"]))
def test_the_log_tells_as_little(
    worlds: Worlds,  # noqa: F811
    log: list[Any],  # noqa: F811
    play: Play,
    way: Mapping[str, Any],
) -> None:
    found = {s: logged(worlds(**way), log, proven(play), s) for s in SAYS}
    assert any("case moved" in each for each in found[None].values())
    assert differences(found) == []


@pytest.mark.parametrize("play", [corrected, accepted], ids=named)
@pytest.mark.parametrize("way", [GATEKEEPER, CONCURRENT], ids=lambda each: str(each["pathway"]))
def test_no_subscriber_and_no_hl7_system_is_told(tmp_path: Path, play: Play, way: Mapping[str, Any]) -> None:
    views = {s: told(tmp_path / str(s), proven(play), s, **way) for s in SAYS}
    for each in views.values():
        each["sent"] = [(to, kind, text * public(kind)) for to, kind, text in each["sent"]]
    assert len(views[None][f"{HOOK}/task-changed/full-resource"]) > 1, "more than the handshake"
    assert differences(views) == []


def film_offered(world: World) -> None:
    """A film is read, then its report is signed; a specialist is asked."""
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send(world, report_more={"status": "preliminary"})
    film(world)
    world.run()
    world.watch.forward(minutes=1)
    world.run()
    assert len(world.reader.seen) == 1, "before anybody has signed"
    assert world.put({**sent.report, "status": "final"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "offered"


@pytest.mark.parametrize("play", [sealed, film_offered], ids=named)
@pytest.mark.parametrize("way", [GATEKEEPER, CONCURRENT], ids=lambda each: str(each["pathway"]))
def test_no_query_of_images_tells(
    tmp_path: Path, play: Callable[[World], Any], way: Mapping[str, Any]
) -> None:
    views = {s: dicom(tmp_path / str(s), play, s, **way) for s in SAYS}
    for each in views.values():
        each["ehr"] = [it for it in each["ehr"] if "kind='preview'" not in it]
    assert differences(views) == []
