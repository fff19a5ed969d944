"""``drift``: what people read, what is in the JSON, and what is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from server.errors import Fault
from server.model import Device
from tests.test_story_changes import QUESTION
from tests.test_story_drift import (  # noqa: F401 - a fixture
    ANOTHER,
    OLD,
    Sited,
    resolved,
    run,
    sited,
    told,
    upgraded,
)
from tests.world import World


@pytest.fixture
def world(sited: Sited) -> World:  # noqa: F811
    return sited("tell", films=True)


def test_it_explains_itself() -> None:
    assert "since when it alarms" in " ".join(run("--help").split())


def test_what_people_read(world: World) -> None:
    upgraded(world)
    text = run()
    [_, found, _] = re.split(r"(?=  device .* 4)|(?=  device other)", text)
    assert found.splitlines() == [
        "  device acme imaging dx 200, software 4.0",
        "    baseline  200 results, present: 5.0% of 200, mean score 0.5",
        "    now       200 results, present: 25.0% of 200, mean score 0.5",
        "    sum of answers up 3.5, down 0.0 times its limit, against results of all devices",
        "    sum of scores  up 0.0, down 0.1 times its limit, against results of all devices",
        "    week of 2026-01-05: discordant fewer than 10 of 200, so far, within 0 to 4",
        "    PSI 0.00 (as before; 0.1 and 0.25 are a convention)",
        "    ALARM since 2026-01-06: more answers are present",
    ]
    assert text.startswith(
        "bacterial-meningitis, model scripted@1.0.0: an alarm is told\n"
        "  all together, without acme imaging dx 200\n"
        "    baseline  200 results, present: 5.0% of 200\n"
        "    now       fewer than 10 results, present: not told\n"
    )
    assert "    now       100 results, present: fewer than 10 of 100, mean score 0.5\n" in text
    assert text.count("ALARM") == 1
    assert text.endswith("an alarm stays until two people have gone back to normal.\n")


def test_json_says_it_all(world: World) -> None:
    upgraded(world)
    found = told()
    assert (found["question"], found["card"], found["switched"]) == (QUESTION, "scripted@1.0.0", False)
    assert found["rule"] == {
        "act": "tell",
        "baseline": 200,
        "share": None,
        "ratio": 3.0,
        "limit": 10.0,
        "shift": 0.5,
        "scoreLimit": 18.0,
    }
    together, old, new, other = found["streams"]
    assert [each["device"] and each["device"]["software"] for each in found["streams"]] == [
        None, "3.2", "4.0", "",
    ]  # fmt: skip
    assert together["without"] == [{"maker": "acme imaging", "model": "dx 200", "software": ""}]
    assert [each["heldAgainst"] for each in (old, new, other)] == ["results of all devices"] * 3
    assert new["now"]["present"]["share"] == 0.25
    assert [each["sign"] for each in new["alarms"]] == ["more answers are present"]
    assert old["alarms"] == other["alarms"] == []
    assert new["psiSays"] == "as before"


def numbers(found: Any) -> list[int]:
    if isinstance(found, dict):
        return [each for key, of in found.items() if key not in ("low", "high") for each in numbers(of)]
    if isinstance(found, list):
        return [each for of in found for each in numbers(of)]
    return [found] if isinstance(found, int) and not isinstance(found, bool) else []


@pytest.mark.parametrize("count", [3, 40, 205, 214])
def test_no_count_is_below_ten(world: World, count: int) -> None:
    resolved(world, count, 20, OLD, ANOTHER, Device("Third", "A"))
    assert [each for each in numbers(told()["streams"]) if 0 < each < 10] == []


def test_one_question_may_be_asked_for_and_an_unknown_one_is_refused(world: World) -> None:
    assert run("--question", QUESTION) == run()
    with pytest.raises(Fault, match=f"no such question; policies are in force for: {QUESTION}$") as refused:
        run("--question", "Secret")
    assert "Secret" not in str(refused.value)


def test_of_nothing_it_says_what_is_missing(world: World) -> None:
    del world
    assert "    not looked at yet: the baseline is not full (200 results)\n" in run()
    assert json.loads(run("--json", "--question", QUESTION))["drift"][0]["streams"][0]["alarms"] == []
