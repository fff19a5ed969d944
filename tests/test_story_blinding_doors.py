"""As tests/test_story_blinding.py, at the other doors: subscribers, HL7 v2 systems, DICOM queries."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from server.model import Answer, Hl7Kind, Policy, Urgency
from tests.dicom.query.test_worklist import WORKLIST
from tests.dicom.query.ward import PATIENT_FIND, STUDY_FIND, Ward, dataset, ward
from tests.test_notifier import HOOK, Subscriber, desk_of
from tests.test_own_objects import FILM, PACS
from tests.test_story_blinding import (
    ORDER,
    SAYS,
    Play,
    Views,
    accepted,
    corrected,
    declined,
    differences,
    expired,
    renamed,
    unsigned,
    waiting,
)
from tests.test_story_images import FILMS, RULES, film, send
from tests.test_story_results import system
from tests.world import (
    POLICY,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    answer_as,
    doctor,
    make_world,
    sign_as,
    with_policy,
)

TOPICS = ("task-changed", "opinion-released", "referral-offered")
MINTED = re.compile(r"\bSR[A-Z2-7]{16}\b")
"""The number of a message: 80 bits in base 32."""
LEVELS: dict[str, dict[str, str]] = {
    "PATIENT": {"PatientID": "", "PatientName": ""},
    "STUDY": {"StudyInstanceUID": "", "ModalitiesInStudy": "", "NumberOfStudyRelatedInstances": ""},
    "SERIES": {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "", "Modality": ""},
    "IMAGE": {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1", "SOPInstanceUID": ""},
}
QIDO = ("studies", "series", "instances", "studies?includefield=all", "studies/1.2.3/instances")


def policy(**changes: Any) -> Policy:
    urgency = {**POLICY.urgency, "confirmation": Urgency.URGENT}
    return with_policy(urgency=urgency, specialties=ORDER, **changes)


# -- subscribers and HL7 v2 ---------------------------------------------------------------------------


def told(folder: Path, play: Play, says: Answer | None, **changes: Any) -> Views:
    """What a subscriber to everything hears, and what a system that takes every message is sent."""
    receivers = (system(Hl7Kind.ORU, Hl7Kind.REF),)
    heard = Subscriber()
    for world in make_world(folder, policy=policy(**changes), receivers=receivers, subscribers=(HOOK,)):
        desk = desk_of(world, heard)
        for topic in TOPICS:
            for content in ("id-only", "full-resource"):
                desk.subscribe(topic, content=content, endpoint=f"{HOOK}/{topic}/{content}")
        desk.run()
        world.reader.answer = says
        play(world)
        desk.run()
        return {
            **{url: hearing(heard, url) for url in {str(each.url) for each in heard.got}},
            "sent": [(each.destination, each.kind, text(each.content)) for each in world.courier.sent],
        }
    raise AssertionError("no world")


def hearing(heard: Subscriber, url: str) -> list[str]:
    """What one subscription was told, in its order; of several, chance decides who is told first."""
    named: dict[str, str] = {}
    return [renamed(str((each.headers, each.content)), named) for each in heard.got if str(each.url) == url]


def text(content: bytes) -> str:
    return MINTED.sub("a number", renamed(content.decode(), {}))


@pytest.mark.parametrize("play", [unsigned, corrected, waiting], ids=lambda each: each.__name__)
def test_nobody_is_told_before_the_first_read_is_locked(tmp_path: Path, play: Play) -> None:
    views = {says: told(tmp_path / str(says), play, says) for says in SAYS}
    assert differences(views) == []


@pytest.mark.parametrize(
    ("rule", "play"),
    [("P1", declined), ("P1", expired), *((rule, accepted) for rule in ("P0", "P1", "P3"))],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_nobody_is_told_while_a_specialist_is_asked(tmp_path: Path, play: Play, rule: str) -> None:
    views = {says: told(tmp_path / str(says), play, says, rule=rule, audit_fraction=1.0) for says in SAYS}
    assert len(views[None][f"{HOOK}/referral-offered/full-resource"]) > 1, "more than the handshake"
    assert differences(views) == []


def test_all_are_told_once_it_is_resolved(tmp_path: Path) -> None:
    views = {says: told(tmp_path / str(says), resolved, says, audit_fraction=1.0) for says in SAYS}
    found = differences(views)
    for surface in (f"{HOOK}/opinion-released", "sent"):
        assert any(each.startswith(surface) for each in found), surface


def resolved(world: World) -> Any:
    sent = accepted(world)
    [offer] = world.get("Task?status=accepted&code=specialist-read")["entry"]
    assert sign_as(world, offer["resource"]["owner"]["reference"], offer["resource"]["id"], VIRAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    return sent


# -- DICOM --------------------------------------------------------------------------------------------


def sealed(world: World) -> None:
    """A film is read; nobody has signed."""
    send(world, report_more={"status": "preliminary"})
    film(world)
    world.run()
    world.watch.forward(minutes=1)
    world.run()
    assert world.reader.seen


def asked(world: World) -> Hospital:
    """A film is read and its report is signed; a specialist is asked."""
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send(world)
    film(world)
    world.run()
    world.watch.forward(minutes=1)
    world.run()
    assert world.state(sent.task_id) == "offered"
    return sent


def found(house: Ward) -> Views:
    """Every answer to every C-FIND."""
    seen: Views = {}
    for level, keys in LEVELS.items():
        for model in (PATIENT_FIND,) if level == "PATIENT" else (PATIENT_FIND, STUDY_FIND):
            above = {"PatientID": "P-T-1"} if model == PATIENT_FIND and level != "PATIENT" else {}
            seen[f"{model} {level}"] = house.find(model, QueryRetrieveLevel=level, **above, **keys)
    order = dataset(AccessionNumber="", PatientID="", RequestedProcedureID="")
    order.ScheduledProcedureStepSequence = [Dataset()]
    with house.associated(WORKLIST) as peer:
        seen["worklist"] = list(peer.send_c_find(order, WORKLIST))
    return seen


def pixels() -> bytes:
    """What is written up of the film is written over it."""
    written = BytesIO()
    FILM.save_as(written, enforce_file_format=True)
    return written.getvalue()


def dicom(folder: Path, play: Callable[[World], Any], says: Answer | None, **changes: Any) -> Views:
    chosen = policy(images=RULES, **changes)
    for world in make_world(folder, card=FILMS, policy=chosen, archives=(PACS,)):
        world.reader.answer = says
        world.cases = replace(world.cases, tools=replace(world.cases.tools, content=lambda _: pixels()))
        play(world)
        named: dict[str, str] = {}
        seen: Views = {
            to: [renamed(str(each), named) for each in world.courier.sent if each.destination == to]
            for to in ("ehr", PACS.name)
        }
        for path in QIDO:
            answer = world.client.get(f"/dicom-web/{path}", headers={"Accept": "application/dicom+json"})
            assert answer.status_code < 500
            seen[path] = renamed(str((answer.status_code, sorted(answer.headers), answer.text)), named)
        with ward(folder) as house:
            return seen | {name: renamed(str(each), named) for name, each in found(house).items()}
    raise AssertionError("no world")


@pytest.mark.parametrize(
    ("rule", "play"),
    [("P1", sealed), *((rule, asked) for rule in ("P0", "P1", "P3"))],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_no_query_of_images_tells(tmp_path: Path, play: Callable[[World], Any], rule: str) -> None:
    views = {says: dicom(tmp_path / str(says), play, says, rule=rule, audit_fraction=1.0) for says in SAYS}
    one = views[None]
    quiet = {name for name, told in one.items() if "1.2.3" not in str(told) and "P-T-1" not in str(told)}
    assert quiet == {PACS.name, "worklist"}, "every other query finds the film"
    assert differences(views) == []


def test_archives_get_it_once_it_is_resolved(tmp_path: Path) -> None:
    def ended(world: World) -> None:
        sent = asked(world)
        [offer] = world.get("Task?status=requested&code=specialist-read")["entry"]
        answer_as(world, offer["resource"]["owner"]["reference"], VIRAL)
        world.run()
        assert world.state(sent.task_id) == "closed"

    views = {says: dicom(tmp_path / str(says), ended, says, audit_fraction=1.0) for says in SAYS}
    assert any(each.startswith(PACS.name) for each in differences(views))
