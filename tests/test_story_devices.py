"""Images of one kind of device: a switch and thresholds of their own (second-reading S2.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server.changes import Act, device_in, scope_of
from server.contract import Inputs
from server.model import AiRead, Answer, Band, Device, FilmLook, Kind, Thresholds, Urgency
from tests.test_story_images import FILMS, RULES, film, send
from tests.test_story_policies import agreement, business
from tests.world import (
    BACTERIAL,
    POLICY,
    SPECIALTY,
    Hospital,
    ScriptedReader,
    World,
    answer_as,
    doctor,
    make_world,
)

ACME = {"Manufacturer": "ACME Imaging", "ManufacturerModelName": "DX 200", "SoftwareVersions": "3.2"}
NEWER = {**ACME, "SoftwareVersions": "4.0"}
OTHER = {"Manufacturer": "Other"}
KIND = Device("Acme  imaging", "dx 200")


@pytest.fixture
def films(tmp_path: Path) -> Iterator[Callable[..., World]]:
    opened: list[Iterator[World]] = []

    def open_(**changes: Any) -> World:
        urgency = {**POLICY.urgency, "confirmation": Urgency.URGENT}
        policy = replace(POLICY, images=RULES, urgency=urgency, **changes)
        opened.append(make_world(tmp_path, card=FILMS, policy=policy))
        return next(opened[-1])

    yield open_
    for each in opened:
        next(each, None)


def read(world: World, **header: str) -> Hospital:
    """A film of a device, read and compared with a report that says the same."""
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send(world)
    film(world, **header)
    world.watch.forward(seconds=30)
    world.run()
    return sent


@pytest.mark.parametrize(
    ("found", "covered"),
    [
        (Device("ACME Imaging", "DX 200", "3.2"), True),
        (Device("acme imaging", "Dx  200"), True),
        (Device("ACME Imaging", "DX 200", "3.2\\PXE 1"), True),
        (Device("ACME Imaging", "DX 300", "3.2"), False),
        (Device("ACME Imaging"), False),
        (Device("Acme"), False),
        (Device(""), False),
    ],
)
def test_a_kind_of_device(found: Device, covered: bool) -> None:
    assert KIND.covers(found) is covered
    kind = device_in(scope_of(KIND))
    assert kind is not None
    assert kind.covers(found) is covered


def test_a_question_is_no_device() -> None:
    assert device_in("bacterial-meningitis") is None
    assert device_in("") is None
    assert device_in(scope_of(Device("A|B", "\u00dc 1"))) == Device("a|b", "\u00fc 1")


def test_one_of_several_software_versions_is_enough() -> None:
    kind = Device("Acme", software="3.2")
    assert kind.covers(Device("ACME", "DX", "3.2\\PXE 1"))
    assert not kind.covers(Device("ACME", "DX", "3.21\\PXE 1"))


@pytest.mark.parametrize(("header", "state"), [(ACME, "offered"), (NEWER, "offered"), (OTHER, "closed")])
def test_the_switch_of_a_device_is_for_its_images(
    films: Callable[..., World], header: dict[str, str], state: str
) -> None:
    world = films()
    assert world.house.rulings.switches.throw(scope_of(KIND), "Ada", "odd scores", world.watch())
    assert world.state(read(world, **header).task_id) == state


def test_thrown_while_a_case_is_open_it_keeps_every_lock_and_reroutes(films: Callable[..., World]) -> None:
    world = films()
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send(world, report_more={"status": "preliminary"})
    film(world, **ACME)
    world.watch.forward(seconds=30)
    world.run()
    assert len(world.reader.seen) == 1
    world.house.rulings.switches.throw(scope_of(KIND), "Ada", "odd scores", world.watch())
    assert world.put({**sent.report, "status": "final"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert len(world.reader.seen) == 1, "what is sealed stays so"
    [offer] = world.get("Task?status=requested&code=specialist-read")["entry"]
    answer_as(world, offer["resource"]["owner"]["reference"], BACTERIAL)
    world.run()
    assert business(world, sent) == "closed-concordant"


def test_back_to_normal_it_counts_no_more(films: Callable[..., World]) -> None:
    world = films()
    switches, scope = world.house.rulings.switches, scope_of(KIND)
    switches.throw(scope, "Ada", "odd", world.watch())
    switches.back(scope, "Bo", "mended", world.watch(), lambda _: Act.NORMAL)
    assert world.state(read(world, **ACME).task_id) == "closed"


@pytest.mark.parametrize(("header", "says"), [(ACME, "agree"), (NEWER, "abstained"), (OTHER, "abstained")])
def test_a_device_or_software_that_the_reader_was_not_made_for_is_declined(
    tmp_path: Path, header: dict[str, str], says: str
) -> None:
    assert FILMS.film is not None
    only = replace(FILMS, film=replace(FILMS.film, devices=(Device("Acme Imaging", software="3.2"),)))
    for world in make_world(tmp_path, card=only, policy=replace(POLICY, images=RULES)):
        sent = read(world, **header)
        if says != "agree":
            [offer] = world.get("Task?status=requested&code=specialist-read")["entry"]
            answer_as(world, offer["resource"]["owner"]["reference"], BACTERIAL)
            world.run()
            told = world.get(f"Task/{sent.task_id}")["output"]
            [opinion] = [e for e in told if e["type"]["coding"][0]["code"] == "ai-opinion"]
            words = world.get(opinion["valueReference"]["reference"])["conclusion"]
            assert "declines" in words
        assert agreement(world, sent) == says


def looking(reader: ScriptedReader) -> Callable[[Inputs, datetime], AiRead]:
    """The same reader, which tells the film that it has read."""
    plain = reader.read

    def told(inputs: Inputs, now: datetime) -> AiRead:
        look = FilmLook(inputs.films[0].sop_instance, 8, 8, ((0.0,),), False)
        return replace(plain(inputs, now), film=look)

    return told


@pytest.mark.parametrize(
    ("header", "says"), [(ACME, "abstained"), (NEWER, "agree"), (OTHER, "major-discordance")]
)
def test_a_device_may_have_thresholds_of_its_own(
    films: Callable[..., World], monkeypatch: pytest.MonkeyPatch, header: dict[str, str], says: str
) -> None:
    # The model says 0.94; the film's card calls that present.
    own = Thresholds(
        Band(0.95, 0.96),
        (
            (Device("Acme Imaging", software="3.2"), Band(0.1, 0.95)),
            (Device("Acme Imaging"), Band(0.1, 0.9)),
        ),
    )
    world = films(thresholds=own)
    monkeypatch.setattr(world.reader, "read", looking(world.reader))
    world.reader.answer = Answer.PRESENT
    sent = read(world, **header)
    if says != "agree":
        [offer] = world.get("Task?status=requested&code=specialist-read")["entry"]
        answer_as(world, offer["resource"]["owner"]["reference"], BACTERIAL)
        world.run()
    assert agreement(world, sent) == says


def test_a_result_says_by_what_figures_are_told_apart(films: Callable[..., World]) -> None:
    """Of no value but kinds: age in whole years, sex, and the device that made the film."""
    world = films()
    read(world, **ACME)
    (found,) = world.house.rulings.results.past(FILMS.question, 2)
    assert found.kind == Kind(35, None, Device("ACME Imaging", "DX 200", "3.2"))
    assert found.blind is None
