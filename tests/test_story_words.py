"""A released opinion says first what people said and why, then what the model went by, then all limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.model import Answer, Contribution, ReadingRules
from server.reader.cards import load_cards, load_others
from server.settings import Settings
from tests.test_story_assessment import request
from tests.test_story_notice import notice, text
from tests.world import (
    BACTERIAL,
    CARD,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    answer_as,
    doctor,
    make_world,
    send_case,
    with_policy,
)

pytestmark = pytest.mark.both_databases
DAY = timedelta(days=1)
SETTLES = ("A culture of the fluid.", "A PCR of it.")


@pytest.fixture
def told(tmp_path: Path) -> Iterator[World]:
    reading = ReadingRules(DAY, DAY, 3 * DAY, "Second opinion desk")
    card = replace(CARD, limits=("Knows one hospital alone.", "Not for infants"), settles=SETTLES)
    yield from make_world(tmp_path, card=card, policy=with_policy(reading=reading))


def conclusion(world: World, sent: Hospital) -> str:
    outputs = world.get(f"Task/{sent.task_id}")["output"]
    [named] = [each for each in outputs if each["type"]["coding"][0]["code"] == "ai-opinion"]
    return str(world.get(named["valueReference"]["reference"])["conclusion"])


def read(world: World, code: Any = BACTERIAL, **more: Any) -> Hospital:
    expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL, report_more=more)
    world.run()
    answer_as(world, expert, code)
    world.run()
    return sent


def test_people_and_their_reasons_come_first_then_the_model_then_the_limits(told: World) -> None:
    sent = read(told, conclusion="Few cells,\n  looks viral.")
    assert conclusion(told, sent) == (
        "AI second read, not verified by a clinician. First report: absent. In their words: "
        '"Few cells, looks viral." Specialist, blind: present. Decided by: Specialist. Model: present. First '
        "report and model differ on: Bacterial meningitis. AI second read: present What the model cannot do: "
        "Knows one hospital alone. Not for infants."
    )


def test_long_words_are_cut_and_stand_whole_in_the_report(told: World) -> None:
    sent = read(told, conclusion="word " * 200)
    said = conclusion(told, sent).partition('In their words: "')[2].partition('"')[0]
    assert len(said) <= 400
    assert said.endswith("word…")


def test_what_was_not_measured_is_a_limit_of_the_record(told: World) -> None:
    parts = (
        Contribution("a", "CSF leukocytes", "1200", "/uL", 1.0),
        Contribution("b", "Blood glucose", "not measured", "", 0.1),
        Contribution("c", "CSF protein", "not measured", "", 0.1),
    )
    before = told.reader.read
    told.reader.read = lambda inputs, now: replace(before(inputs, now), contributions=parts)  # type: ignore[method-assign]
    sent = read(told)
    assert conclusion(told, sent).endswith("Limits of this record: Not measured: Blood glucose, CSF protein.")


def test_the_patient_reads_where_the_opinions_differ_and_what_would_settle_it(told: World) -> None:
    words = text(notice(told, read(told).task_id))
    assert (
        "Bacterial meningitis, yes or no? Your doctor's report: no; the specialist: yes; the program: not "
        "the same as your doctor's report."
    ) in words
    assert "What would settle it:\n- A culture of the fluid.\n- A PCR of it." in words
    assert "0.94" not in words


def test_where_they_agree_nothing_needs_settling(told: World) -> None:
    told.reader.answer = Answer.ABSENT
    sent = send_case(told, VIRAL)
    told.run()
    words = text(notice(told, sent.task_id))
    assert "yes or no? Your doctor's report: no; the program: the same as your doctor's report." in words
    assert "settle" not in words
    assert "The specialist" not in words


def test_where_the_card_names_nothing_it_says_so(world: World) -> None:
    words = text(notice(world, read(world).task_id))
    assert "What would settle it: nothing is known here that would; ask your doctor." in words
    assert "Nobody here checks whether your doctor has read this result" in words


def test_what_happens_next_has_people_and_times(told: World) -> None:
    words = text(notice(told, read(told).task_id))
    assert (
        "What happens next: Your doctor is asked to say that they have read this result; where nobody does "
        "within 3 days, Second opinion desk is told. If you contest the result, the medical director decides "
        "within 7 days. An independent assessment is owed within 5 days, an urgent one within 1 day. Whom to "
        "ask: your doctor, or Test operator."
    ) in words


def test_who_has_read_is_told_by_name_and_credentials_and_not_before(told: World) -> None:
    expert = doctor(told, "Quill", "Elsewhere", SPECIALTY)
    person = told.get(told.get(expert)["practitioner"]["reference"])
    board = {
        "code": {"coding": [{"system": "https://boards.example", "code": "ID", "display": "Board of ID"}]}
    }
    assert told.put({**person, "qualification": [board]}).status_code == 200
    sent = send_case(told, VIRAL)
    told.run()
    assert told.get("DocumentReference?_summary=count")["total"] == 0
    answer_as(told, expert, BACTERIAL)
    told.run()
    words = text(notice(told, sent.task_id))
    assert f"The specialist who has read your case: Quill ({SPECIALTY.code}; Board of ID)." in words


def test_of_an_assessment_why_this_specialist_and_until_when_it_was_owed(told: World) -> None:
    sent = read(told)
    other = doctor(told, "Sorrel", "Third House", SPECIALTY)
    task = str(told.post(request(sent, "human"))["id"])
    told.run()
    answer_as(told, other, VIRAL)
    told.run()
    words = text(notice(told, task))
    assert "The specialist who has read your case: Sorrel" in words
    assert "independent assessment. It was owed until 2026-01-10 09:00 UTC. Checked of the" in words
    assert "Why this specialist was asked: Infectious diseases, choice 1 of 1." in words
    assert "0.6" not in words, "a reason, no sum"


def test_each_shipped_card_says_what_settles_its_question() -> None:
    folder = Settings().cards
    cards = [*load_cards(folder).values(), *load_others(folder).values()]
    assert len(cards) == 3
    assert all(each.settles for each in cards)
