"""The nouns: values that cannot change, and the few things that they can tell of themselves."""

from __future__ import annotations

import dataclasses
import inspect
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from server import model
from server.model import (
    AiRead,
    Answer,
    Band,
    Coding,
    Evidence,
    Gap,
    Offer,
    Problem,
    Referral,
    ResourceKey,
    Span,
    Urgency,
)
from tests.world import CARD, POLICY, START

NOUNS = [
    each
    for _, each in inspect.getmembers(model, dataclasses.is_dataclass)
    if each.__module__ == model.__name__
]
OPINIONS = ("FirstRead", "AiRead", "SpecialistRead", "Comparison", "Answer", "Referral")


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_every_noun_is_frozen_and_slotted(noun: type) -> None:
    assert noun.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in noun.__dict__
    for each in dataclasses.fields(noun):
        assert "list[" not in str(each.type), "a frozen value does not hold what can change"
        assert "dict[" not in str(each.type)


def test_there_is_no_place_for_an_opinion_in_evidence() -> None:
    reached, open_ = {"Evidence"}, [Evidence]
    while open_:
        for each in dataclasses.fields(open_.pop()):
            for noun in NOUNS:
                if noun.__name__ in str(each.type) and noun.__name__ not in reached:
                    reached.add(noun.__name__)
                    open_.append(noun)
            assert not any(opinion in str(each.type) for opinion in OPINIONS), each.name
    assert reached == {"Evidence", "Measurement", "Coding", "ResourceKey"}


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Coding("urn:s", "1", "another display"), True),
        (Coding("urn:s", "2"), False),
        (Coding("urn:t", "1"), False),
        (Coding("", "1"), False),
    ],
)
def test_codes_are_the_same_by_system_and_code(other: Coding, same: bool) -> None:
    assert Coding("urn:s", "1", "a display").same_as(other) is same


@pytest.mark.parametrize(
    ("key", "plain", "versioned"),
    [
        (ResourceKey("Patient", "p1"), "Patient/p1", "Patient/p1"),
        (ResourceKey("Patient", "p1", 3), "Patient/p1", "Patient/p1/_history/3"),
    ],
)
def test_a_key_prints_with_and_without_its_version(key: ResourceKey, plain: str, versioned: str) -> None:
    assert (str(key), key.versioned) == (plain, versioned)


@pytest.mark.parametrize(
    ("value", "held"), [("0.99", False), ("1.0", True), ("1.5", True), ("2", True), ("2.001", False)]
)
def test_a_span_holds_its_ends(value: str, held: bool) -> None:
    assert Span(Decimal("1.00"), Decimal(2)).holds(Decimal(value)) is held


@pytest.mark.parametrize(
    ("answer", "declined"), [(None, True), (Answer.PRESENT, False), (Answer.ABSENT, False)]
)
def test_a_read_without_an_answer_is_a_decline(answer: Answer | None, declined: bool) -> None:
    read = AiRead("q", "c@1", "", "", START, answer, None, Band(0.1, 0.9))
    assert read.declined is declined


def test_a_gap_says_what_is_wrong_and_how_to_mend_it() -> None:
    gap = Gap("CSF protein", Problem.MISSING, "no result was sent", "Send one")
    assert gap.text == "CSF protein: no result was sent. Send one"


def test_versions_are_part_of_what_things_are_called() -> None:
    assert CARD.identity == "scripted@1.0.0"
    assert POLICY.identity == "bacterial-meningitis@1"


def test_the_latest_offer_is_the_one_that_counts() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    offers = tuple(Offer(number, f"r{number}", at, at, f"t{number}") for number in (1, 2))
    referral = Referral("missed", Urgency.URGENT, "s1", at, ())
    assert referral.offer is None
    assert dataclasses.replace(referral, offers=offers).offer == offers[1]
