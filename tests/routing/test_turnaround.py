"""How long stages take: from which events, of which cases, and what is told of it."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.model import Course
from server.routing.told import FEW, HIDDEN
from server.routing.turnaround import EVENTS, STAGES, rounded, tens, turnaround, two_digits, waits_of_groups
from server.routing.turnaround_lines import turnaround_lines, wait_lines
from server.states import Event

AT = datetime(2026, 3, 1, tzinfo=UTC)
NOW = AT + timedelta(days=10)
Step = tuple[Event, float]


def course(*steps: Step) -> Course:
    """Events, each so many minutes after the request."""
    return Course("d1", tuple((str(event), AT + timedelta(minutes=at)) for event, at in steps))


def agreed(locked: float, out: float) -> Course:
    return course(
        (Event.OPENED, 0), (Event.FIRST_READ_LOCKED, locked), (Event.COMPARED, locked + 1),
        (Event.RESOLVED, locked + 1), (Event.DELIVERED, out),
    )  # fmt: skip


def told(counted: list[Course], before: list[Course] | None = None) -> dict[str, Any]:
    return turnaround(counted, before or [], NOW, lambda _: timedelta(hours=96))


def test_percentiles_of_a_stage_in_seconds() -> None:
    found = told([agreed(each, each + 10) for each in range(1, 301)])["firstRead"]
    assert (found["casesAtLeast"], found["waitingAtLeast"]) == (300, FEW)
    assert (found["p50"], found["p90"], found["p95"]) == (150 * 60, 16000, 17000)
    assert found["late"] == {"casesAtLeast": 300, "atMost": 0.03}


def test_open_ones_wait_and_lapsed_ones_have_waited() -> None:
    """Of 40, 20 were locked in an hour; 20 still wait: a half is reached at the last lock, 90 % never."""
    counted = [agreed(each * 3, 100) for each in range(1, 21)]
    waiting = [course((Event.OPENED, 0)) for _ in range(8)]
    lapsed = [course((Event.OPENED, 0), (Event.TIME_RAN_OUT, 72 * 60)) for _ in range(12)]
    found = told(counted, waiting + lapsed)["firstRead"]
    assert (found["casesAtLeast"], found["waitingAtLeast"]) == (40, 20)
    assert (found["p50"], found["p90"]) == (3600, HIDDEN)
    assert found["late"]["share"] == round(12 / 40, 2)
    alone = told(counted)["firstRead"]
    assert alone["p50"] == 1800


def test_open_ones_count_in_no_stage_that_tells_of_a_model() -> None:
    """What waits for a comparison waits nowhere else."""
    counted, waiting = [agreed(5, 9)] * 30, [course((Event.OPENED, 0), (Event.FIRST_READ_LOCKED, 5))] * 30
    with_them, without = told(counted, waiting), told(counted)
    assert with_them["comparison"]["waitingAtLeast"] == 30
    apart = {name for name in without if with_them[name] != without[name]}
    assert apart == {"firstRead", "comparison"}


def test_the_specialist_s_stages() -> None:
    """Offered twice, answered once too late, final answer never."""
    case = course(
        (Event.OPENED, 0), (Event.FIRST_READ_LOCKED, 1), (Event.COMPARED, 2), (Event.REFERRED, 2),
        (Event.OFFERED, 3), (Event.OFFER_EXPIRED, 33), (Event.OFFERED, 34), (Event.OFFER_ACCEPTED, 44),
        (Event.SPECIALIST_SIGNED, 74), (Event.REVEALED, 75), (Event.FINAL_OVERDUE, 105),
        (Event.RESOLVED, 105), (Event.DELIVERED_TO_READ, 106), (Event.RESULT_READ, 206),
    )  # fmt: skip
    found = told([case] * 15 + [agreed(5, 9)] * 15)
    assert [found[each]["casesAtLeast"] for each in ("offer", "acceptance", "blindRead", "finalRead")] == [
        10
    ] * 4
    assert found["finalRead"]["waitingAtLeast"] == 10
    assert found["acceptance"]["late"] == {"casesAtLeast": 10, "atLeast": 0.1}
    assert found["reading"]["casesAtLeast"] == 10
    assert found["unread"] == {"casesAtLeast": 10, "atMost": 0.9}
    assert found["contest"]["casesAtLeast"] == FEW


@pytest.mark.parametrize(
    ("count", "of", "says"),
    [
        (5, 9, HIDDEN),
        (0, 57, {"casesAtLeast": 50, "atMost": 0.18}),
        (9, 57, {"casesAtLeast": 50, "atMost": 0.18}),
        (50, 57, {"casesAtLeast": 50, "atLeast": 0.82}),
        (20, 40, {"casesAtLeast": 40, "share": 0.5, "low": 0.35, "high": 0.65}),
    ],
)
def test_shares_of_numbers_in_tens(count: int, of: int, says: object) -> None:
    assert rounded(count, of) == says


def test_numbers_are_whole_tens_and_times_have_two_digits() -> None:
    dice = random.Random(2)
    for _ in range(60):
        counted = [
            course(*sorted(((event, dice.uniform(0, 9000)) for event in EVENTS if dice.random() < 0.7),
                           key=lambda each: each[1]))
            for _ in range(dice.choice([3, 11, 60]))
        ]  # fmt: skip
        found = told(counted)
        for stage in (each for name, each in found.items() if name != "unread"):
            for count in (stage["casesAtLeast"], stage["waitingAtLeast"]):
                assert count == FEW or count % 10 == 0
            for time in (stage["p50"], stage["p90"], stage["p95"]):
                assert time == HIDDEN or float(f"{time:.2g}") == time
            assert "count" not in json.dumps(stage)


def test_a_percentile_beyond_which_are_few_is_not_told() -> None:
    found = told([agreed(each, each + 10) for each in range(1, 20)])["whole"]
    assert {found["p50"], found["p90"], found["p95"]} == {HIDDEN}
    assert told([agreed(each, each + 10) for each in range(1, 21)])["whole"]["p50"] == 1200


def test_words_and_numbers() -> None:
    assert [tens(each) for each in (0, 9, 10, 19, 101)] == [FEW, FEW, 10, 10, 100]
    assert [two_digits(each) for each in (0, 0.123, 59.4, 3661, 86399)] == [0, 0.12, 59, 3700, 86000]
    lines = list(turnaround_lines(told([agreed(each, 9000) for each in range(1, 301)])))
    assert "2.5 h / 4.4 h / 4.7 h; 300 or more cases" in "\n".join(lines)
    assert max(map(len, "\n".join(lines).splitlines())) <= 110
    assert "had nothing else ended the wait" in "\n".join(lines)
    assert {stage.name for stage in STAGES} <= told([]).keys()


def test_how_long_people_of_each_group_wait() -> None:
    groups = {"": [agreed(1, 2)] * 5, "old": [agreed(each, each + 9) for each in range(1, 121)]}
    old, others = waits_of_groups(groups, NOW)
    assert old == {
        "group": ["old"], "casesAtLeast": 120,
        "firstRead": {"p50": 3600, "p90": 6500}, "whole": {"p50": 4100, "p90": 7000},
    }  # fmt: skip
    assert others["casesAtLeast"] == FEW
    assert others["whole"] == {"p50": HIDDEN, "p90": HIDDEN}
    assert "1 h / 1.8 h; 1.1 h / 1.9 h" in "\n".join(wait_lines([old, others]))


def test_what_is_delivered_late() -> None:
    found = told([agreed(1, 2 + 97 * 60)] * 10 + [agreed(1, 3)] * 10)["delivery"]["late"]
    assert found["share"] == 0.5
