"""From a frame to an answer: judged, kept, answered; and applied as it was read."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.errors import Category
from server.fhir.datatype_invariants import ATTACHMENT_CHARACTERS
from server.hearing import MessageHearing
from server.hl7v2.link import Authority, Reused
from server.hl7v2.links import ANYBODY
from server.hl7v2.mapping.convert import attachments
from server.log import logger
from server.messages import Standing
from server.messaging import AnswerWorker
from server.query import Query
from server.store.later_answers import LaterAnswers
from server.workers import message_worker
from tests.test_story_images import FILMS, RULES
from tests.world import POLICY, ScriptedCourier, World, make_world

LINK = replace(ANYBODY, patient_system="https://hospital.example/mrn")
ADT = (
    "MSH|^~\\&|RIS|DEMO|SECONDREAD|GATEWAY|20260301080000+0000||ADT^A08^ADT_A01|7|P|2.5.1\r"
    "EVN||20260301080000\r"
    "PID|1||P-1^^^HOSP^MR||Dummy^Ann||20220301|F\r"
    "PV1|1|O\r"
)


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    policy = replace(POLICY, images=RULES)
    yield from make_world(tmp_path, card=FILMS, policy=policy, database_url=database_url)


@pytest.fixture
def hearing(world: World) -> MessageHearing:
    return MessageHearing(world.house.inbox, lambda: {LINK.name: LINK}, logger())


def heard(hearing: MessageHearing, world: World, text: str) -> str:
    answer = hearing.hear(text.encode(), ("anybody",), world.watch())
    assert answer is not None
    return answer.decode()


def test_a_message_is_kept_and_acknowledged_and_the_same_again_gets_the_same_answer(
    hearing: MessageHearing, world: World
) -> None:
    first = heard(hearing, world, ADT)
    assert "MSA|AA|7\r" in first
    world.watch.forward(seconds=5)
    assert heard(hearing, world, ADT) == first
    assert len(world.house.inbox.listed([], 9)) == 1


def test_a_refused_message_is_kept_apart_with_the_reason(hearing: MessageHearing, world: World) -> None:
    answer = heard(hearing, world, ADT.replace("ADT^A08^ADT_A01", "ZZZ^Z01"))
    assert "MSA|AR|7" in answer
    assert world.house.inbox.listed([], 9) == []
    [(_, link, _, reason, _)] = world.house.inbox.refused(9)
    assert link == "anybody"
    assert "200" in reason


def test_an_acknowledgement_is_not_acknowledged(hearing: MessageHearing, world: World) -> None:
    ack = "MSH|^~\\&|A|B|C|D|20260301||ACK|8|P|2.5.1\rMSA|AA|1\r"
    assert hearing.hear(ack.encode(), ("anybody",), world.watch()) is None


def test_what_was_kept_is_applied_as_it_was_read(hearing: MessageHearing, world: World) -> None:
    heard(hearing, world, ADT)
    worker = replace(message_worker(world.house, world.watch), links=lambda: {LINK.name: LINK})
    world.watch.forward(seconds=1)
    assert worker.once()
    [message] = world.house.inbox.listed([], 9)
    assert message.standing in (Standing.APPLIED, Standing.HELD), message.reasons


def test_each_message_of_a_batch_is_kept_and_acknowledged(world: World) -> None:
    link = replace(LINK, batches=True)
    hearing = MessageHearing(world.house.inbox, lambda: {link.name: link}, logger())
    text = f"BHS|^~\\&|RIS\r{ADT}{ADT.replace('|7|', '|8|')}{ADT.replace('A08', 'Z08')}BTS|3\r"
    answer = heard(hearing, world, text)
    assert [line[:8] for line in answer.split("\r") if line.startswith("MSA")] == [
        "MSA|AA|7",
        "MSA|AA|8",
        "MSA|AR|7",
    ]
    assert (answer[:3], answer[-6:]) == ("BHS", "BTS|3\r")
    assert len(world.house.inbox.listed([], 9)) == 2


def test_a_batch_that_is_not_agreed_upon_is_refused_and_too_long_a_one_as_a_whole(
    hearing: MessageHearing, world: World
) -> None:
    assert "MSA|AR|7" in heard(hearing, world, f"BHS|^~\\&|RIS\r{ADT}BTS|1\r")
    assert "|too-many^" in heard(hearing, world, f"BHS|^~\\&|RIS\r{ADT * 501}")
    assert "|100^" in heard(hearing, world, "BHS|^~\\&|RIS\rBTS|0\r")
    assert world.house.inbox.listed([], 9) == []


def test_who_wants_to_hear_of_errors_only_hears_of_a_control_id_that_is_refused(world: World) -> None:
    link = replace(LINK, reused_control_id=Reused.REFUSE)
    hearing = MessageHearing(world.house.inbox, lambda: {link.name: link}, logger())
    asking = ADT.replace("|2.5.1", "|2.5.1|||ER|NE")
    assert hearing.hear(asking.encode(), ("anybody",), world.watch()) is None
    assert "MSA|CE|7" in heard(hearing, world, asking.replace("Ann", "Bea"))


def test_an_application_acknowledgement_goes_to_its_own_destination(world: World) -> None:
    links = {LINK.name: replace(LINK, answers_to="ris")}
    hearing = MessageHearing(world.house.inbox, lambda: links, logger())
    enhanced = ADT.replace("|P|2.5.1", "|P|2.5.1|||AL|AL")
    assert "MSA|CA|7\r" in heard(hearing, world, enhanced)
    refused = enhanced.replace("ADT^A08^ADT_A01", "ADT^A99^ADT_A01").replace("||7|", "||8|")
    assert "MSA|C" in heard(hearing, world, refused)
    courier = ScriptedCourier()
    worker = AnswerWorker(LaterAnswers(world.house.database, timedelta(minutes=1)), courier, world.watch)
    while worker.once():
        pass
    first, second = courier.sent
    assert first.destination == "ris"
    assert b"MSA|AA|7\r" in first.content
    assert b"|ACK^A08^ACK|" in first.content
    assert b"MSA|A" in second.content
    assert b"MSA|AA" not in second.content


def test_an_application_acknowledgement_that_nobody_takes_is_given_up_after_a_day(world: World) -> None:
    links = {LINK.name: replace(LINK, answers_to="ris")}
    hearing = MessageHearing(world.house.inbox, lambda: links, logger())
    heard(hearing, world, ADT.replace("|P|2.5.1", "|P|2.5.1|||AL|AL"))
    courier = ScriptedCourier(Category.UNAVAILABLE)
    worker = AnswerWorker(LaterAnswers(world.house.database, timedelta(minutes=1)), courier, world.watch)
    tries = 0
    for _ in range(500):
        tries += worker.once()
        world.watch.forward(minutes=15)
    assert 90 < tries < 120


ORU = (
    "MSH|^~\\&|RIS|DEMO|SECONDREAD|GATEWAY|20260101080000+0000||ORU^R01^ORU_R01|9|P|2.5.1\r"
    "PID|1||P-1^^^HOSP^MR||Dummy^Ann||20220301|F\r"
    "OBR|1|O-1|F-1|1^Panel^L|||20260101070000+0000|||||||||||||||20260101075500+0000||LAB|F\r"
)


def applied(world: World, hearing: MessageHearing, text: str) -> tuple[Standing, tuple[str, ...]]:
    """What became of a message that was taken."""
    own = replace(LINK, authorities=(Authority("HOSP", "", "https://hospital.example/mrn"),))
    links = {LINK.name: own}
    assert "MSA|AA|" in heard(replace(hearing, links=lambda: links), world, text)
    worker = replace(message_worker(world.house, world.watch), links=lambda: links)
    world.watch.forward(seconds=1)
    assert worker.once()
    [message] = world.house.inbox.listed([], 1)
    return message.standing, message.reasons


def test_h080_a_message_may_say_more_than_a_bundle(tmp_path: Path, database_url: str) -> None:
    """Of 10,000 results the figure stands in docs/performance.md; here the limit is what is tried."""
    for world in make_world(tmp_path, card=FILMS, database_url=database_url, max_entries=20):
        hearing = MessageHearing(world.house.inbox, lambda: {LINK.name: LINK}, logger())
        lines = "".join(f"OBX|{n}|NM|{n}^Value^L||{n}.50|g/dL|||||F\r" for n in range(1, 61))
        assert applied(world, hearing, ORU + lines) == (Standing.APPLIED, ())
        found = world.client.get("/fhir/Observation?_summary=count").get_json()
        assert found["total"] == 60


def test_h081_fifteen_megabytes_of_a_document(hearing: MessageHearing, world: World) -> None:
    document = base64.b64encode(bytes(15 * 2**20 * 3 // 4)).decode()
    line = f"OBX|1|ED|18842-5^Letter^LN||^application^pdf^Base64^{document}||||||F\r"
    words = "OBX|2|TX|18842-5^Letter^LN||In words.||||||F\r"
    assert applied(world, hearing, ORU + line + words) == (Standing.APPLIED, ())
    [message] = world.house.inbox.listed([], 1)
    assert any("kept in the message only OBX-5" in each for each in message.notes), message.notes
    [report] = world.house.shelf.find(Query("DiagnosticReport"), 5)
    assert b"In words." in report.body


def test_the_largest_attachment_is_what_the_fhir_door_takes() -> None:
    assert attachments.LARGEST == ATTACHMENT_CHARACTERS
