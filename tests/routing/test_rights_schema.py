"""The tables ``reading`` and ``contest`` of a policy file."""

from __future__ import annotations

import pytest

from server.errors import Fault
from server.model import AssessmentRules, ContestRules, ReadingRules
from server.routing.policy import read_policy

from .nouns import hours
from .test_policy import SHIPPED

PLAIN = SHIPPED[: SHIPPED.index("\n[reading]")] if "\n[reading]" in SHIPPED else SHIPPED
READING = {"remind_after": "24 h", "remind_every": "12 h", "escalate_after": "3 d", "coordinator": "The desk"}
ASSESSMENT = {
    "acknowledge_within": "30 min",
    "records_within": "1 d",
    "answer_within": "3 d",
    "answer_within_urgent": "12 h",
}
CONTEST = {"accountable": "Dr. Tarn", "decide_within": "5 d"}
NAME = "bacterial-meningitis.toml"


def table(name, keys):
    lines = [f"[{name}]", *(f'{key} = "{value}"' for key, value in keys.items())]
    return "\n".join([PLAIN, *lines])


def test_left_out_nobody_is_asked_whether_a_result_was_read_and_a_contest_has_a_week():
    policy = read_policy(PLAIN, NAME)
    assert policy.reading is None
    assert policy.contest == ContestRules("medical director", hours(7 * 24))


def test_what_can_be_said():
    assert read_policy(table("reading", READING), NAME).reading == ReadingRules(
        hours(24), hours(12), hours(72), "The desk"
    )
    assert read_policy(table("contest", CONTEST), NAME).contest == ContestRules("Dr. Tarn", hours(120))


def test_an_assessment_has_its_times_whatever_a_policy_leaves_out():
    assert read_policy(PLAIN, NAME).assessment == AssessmentRules(
        hours(1), hours(48), hours(5 * 24), hours(24)
    )
    assert read_policy(table("assessment", ASSESSMENT), NAME).assessment == AssessmentRules(
        hours(0.5), hours(24), hours(72), hours(12)
    )
    assert read_policy(table("assessment", {"answer_within": "9 d"}), NAME).assessment == AssessmentRules(
        answer_within=hours(9 * 24)
    )


@pytest.mark.parametrize(
    ("change", "key", "sentence"),
    [
        ({"records_within": "3 d"}, "records_within", "must be shorter than answer_within"),
        ({"answer_within_urgent": "4 d"}, "answer_within_urgent", "must not be longer than answer_within"),
        ({"acknowledge_within": "at once"}, "acknowledge_within", "must be a duration above zero"),
        ({"answered_within": "3 d"}, "answered_within", "there is no such key"),
    ],
)
def test_times_that_do_not_fit_are_refused(change, key, sentence):
    with pytest.raises(Fault) as refused:
        read_policy(table("assessment", {**ASSESSMENT, **change}), NAME)
    [issue] = refused.value.issues
    assert issue.path == f"assessment.{key}"
    assert sentence in issue.text


DURATION = "must be a duration above zero"
WHO = "must say who it is, in words on one line"


@pytest.mark.parametrize(
    ("name", "keys", "change", "key", "sentence"),
    [
        ("reading", READING, {"remind_after": "soon"}, "reading.remind_after", DURATION),
        ("reading", READING, {"remind_every": "0 h"}, "reading.remind_every", DURATION),
        (
            "reading",
            READING,
            {"escalate_after": "24 h"},
            "reading.escalate_after",
            "longer than remind_after",
        ),
        ("reading", READING, {"coordinator": ""}, "reading.coordinator", WHO),
        ("reading", READING, {"coordinator": "a" * 201}, "reading.coordinator", WHO),
        ("reading", READING, {"coordinator": "a\u202eb"}, "reading.coordinator", WHO),
        ("reading", READING, {"by": "phone"}, "reading.by", "the keys here are: remind_after, remind_every"),
        ("contest", CONTEST, {"accountable": " "}, "contest.accountable", WHO),
        ("contest", CONTEST, {"decide_within": "7"}, "contest.decide_within", DURATION),
        ("contest", {}, {}, "contest.accountable", WHO),
    ],
)
def test_a_wrong_key_is_named_with_what_is_allowed(name, keys, change, key, sentence):
    with pytest.raises(Fault) as refused:
        read_policy(table(name, {**keys, **change}), NAME)
    issues = {each.path: each.text for each in refused.value.issues}
    assert issues[key].startswith(f"policy file {NAME}, key {key}: ")
    assert sentence in issues[key]


@pytest.mark.parametrize("name", ["reading", "contest"])
def test_no_table_at_all(name):
    with pytest.raises(Fault) as refused:
        read_policy(SHIPPED.replace('rule = "P1"', f'rule = "P1"\n{name} = "on"', 1), NAME)
    assert any("must be a table" in each.text for each in refused.value.issues)
