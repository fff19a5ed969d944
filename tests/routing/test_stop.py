from __future__ import annotations

from dataclasses import replace

import pytest

from server.errors import Fault
from server.model import Pathway, RiskBand, StopRule, Urgency
from server.routing.double import doubled
from server.routing.interval import CONTROL, wilson
from server.routing.pathways import rule_of
from server.routing.policy import read_policy
from server.routing.stop import Counted, left

from .nouns import a_policy, hours
from .test_policy import SHIPPED

RULE = StopRule(hours(24 * 28), 100)
NONE = Counted(0, 0, 0, 0, 0, 0, 0, 0)
DISCORDANT = replace(RULE, discordance=(0.05, 0.2))


def compared(discordant: int, of: int) -> Counted:
    return replace(NONE, compared=of, discordant=discordant)


@pytest.mark.parametrize(
    ("rule", "counted", "what"),
    [
        (DISCORDANT, compared(20, 200), []),
        # 25 % of 200 speak for 17 % to 36 %, too: the limit may still be kept.
        (DISCORDANT, compared(50, 200), []),
        (DISCORDANT, compared(70, 200), ["discordance"]),
        (DISCORDANT, compared(35, 99), []),
        (DISCORDANT, compared(0, 150), []),
        (DISCORDANT, compared(0, 400), ["discordance"]),
        (replace(RULE, positive=(0.0, 0.1)), replace(NONE, ended=200, positive=60), ["positive"]),
        (replace(RULE, declined_at_most=0.1), replace(NONE, asked=200, declined=60), ["declined"]),
        (replace(RULE, declined_at_most=0.1), replace(NONE, asked=200, declined=20), []),
        (replace(RULE, missed_at_most=2), replace(NONE, adjudicated=5, missed=2), []),
        (replace(RULE, missed_at_most=2), replace(NONE, adjudicated=5, missed=3), ["missed by the model"]),
        (replace(RULE, missed_at_most=0), NONE, []),
    ],
)
def test_which_limits_are_left(rule, counted, what):
    assert [each.what for each in left(rule, counted)] == what


def test_a_limit_that_is_left_says_so_with_figures_and_interval():
    [found] = left(DISCORDANT, compared(70, 200))
    assert found.sentence == "discordance: 70 of 200, 35.0% (interval 25.5% to 45.9%), above 20.0%"


def test_the_interval_is_wilsons():
    # 16 of 28, 95 %: 39 to 74 % (second-reading 5).
    assert [round(each, 2) for each in wilson(16, 28)] == [0.39, 0.73]
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 10, CONTROL)[0] < wilson(5, 10)[0]


STOP = '\n[stop]\nwindow = "28 d"\nat_least = 100\n'


def test_a_policy_may_have_a_stop_rule():
    found = read_policy(f"{SHIPPED}{STOP}discordance = [0.01, 0.3]\nmissed_at_most = 3\n", "x.toml").stop
    assert found == StopRule(hours(24 * 28), 100, (0.01, 0.3), missed_at_most=3)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "must have at least one limit"),
        ("discordance = [0.3, 0.1]", "the smaller first"),
        ("discordance = [0.3]", "the smaller first"),
        ("discordance = [0, 1]", "must leave room on one side"),
        ("missed_at_most = 1000000000000000000", "from 0 to 1000000"),
        ("positive = [0, 2]", "the smaller first"),
        ("declined_at_most = 1.5", "from 0 to 1"),
        ("missed_at_most = -1", "from 0 to 1000000"),
        ("missed_at_most = true", "from 0 to 1000000"),
        ("other = 1", "there is no such key"),
    ],
)
def test_a_stop_rule_that_says_nothing_or_nonsense_is_refused(more, said):
    with pytest.raises(Fault, match=said):
        read_policy(f"{SHIPPED}{STOP}{more}\n", "x.toml")


def test_of_few_cases_a_count_is_told_and_no_share():
    counted = Counted(
        asked=9, declined=0, compared=9, discordant=9, ended=9, positive=9, adjudicated=9, missed=2
    )
    [found] = left(StopRule(hours(1), 10, missed_at_most=1), counted)
    assert found.sentence == "missed by the model: 2, more than 1 cases"


def test_a_stop_rule_counts_ten_cases_at_least():
    with pytest.raises(Fault, match="from 10 to"):
        read_policy(f"{SHIPPED}{STOP.replace('100', '9')}missed_at_most = 1\n", "x.toml")


def test_the_switch_changes_the_rule_and_nothing_else():
    bands = (
        RiskBand("a", ("stat",), pathway=Pathway.NONE, rule="P2"),
        RiskBand("b", probability=(0.1, 0.2), rule="P2"),
    )
    policy = a_policy(bands=bands, urgency={"missed": Urgency.URGENT})
    found = doubled(policy)
    assert {rule_of(found, priority, 0.15)[0] for priority in ("stat", "routine")} == {"P0"}
    assert found.bands[0].pathway is Pathway.NONE
    assert found.urgency["confirmation"] is Urgency.URGENT
    kept = replace(found, rule=policy.rule, bands=policy.bands, urgency=policy.urgency)
    assert kept == policy
    assert doubled(found) == found
