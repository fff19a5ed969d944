"""Every cell of every rule, written out a second time: what the module says is not what it is judged by."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from server.model import Answer, Band, Grounds, Silence
from server.routing.ends import cells_table
from server.routing.rules import NAMES, RULES, TABLE, Said, asked_under, asking, said_by

from .nouns import an_ai_read

DOCS = Path(__file__).parents[2] / "docs" / "policies.md"
P, A = Answer.PRESENT, Answer.ABSENT
SILENT = (Said.DECLINED, Said.LATE, Said.NOT_ASKED)
SAYS_PRESENT = (Said.SURELY_PRESENT, Said.PRESENT)
SAYS_ABSENT = (Said.ABSENT, Said.SURELY_ABSENT)


def expected(rule: str, first: Answer | None, said: Said) -> Grounds | None:
    """S2.2 in sentences, read apart from the table."""
    if said in SILENT:
        return Grounds.DECLINED
    if first is None:
        return Grounds.NOT_COMPARABLE
    if first is A and said in SAYS_PRESENT:
        return Grounds.MISSED
    if first is P and said in SAYS_ABSENT:
        return None if rule == "P2" else Grounds.OVER_CALLED
    unsure = said in (Said.PRESENT, Said.ABSENT)
    confirmed = rule == "P0" or (rule == "P3" and first is P) or (rule == "P4" and unsure)
    return Grounds.CONFIRMATION if confirmed else None


CELLS = list(itertools.product(NAMES, (P, A, None), Said))


@pytest.mark.parametrize(("rule", "first", "said"), CELLS)
def test_each_cell_has_its_one_end(rule, first, said):
    assert asking(rule, first, said) is expected(rule, first, said)


def test_the_table_has_every_cell_and_no_other():
    assert set(TABLE) == set(itertools.product((P, A, None), Said))
    assert {len(row) for row in TABLE.values()} == {len(NAMES)} == {5}
    assert list(RULES) == ["P0", "P1", "P2", "P3", "P4"]


@pytest.mark.parametrize("rule", NAMES)
def test_under_every_rule_two_humans_read_what_no_model_answers(rule):
    assert all(asking(rule, first, said) for first in (P, A, None) for said in SILENT)


@pytest.mark.parametrize("rule", NAMES)
def test_no_rule_ends_a_case_on_the_model_s_answer(rule):
    # What ends without a specialist has a first report with an answer of its own; that report stands.
    assert all(first is not None for (first, _), why in RULES[rule].items() if why is None)


@pytest.mark.parametrize("rule", NAMES)
def test_no_rule_lets_a_possible_miss_end_without_a_specialist(rule):
    assert all(asking(rule, A, said) is Grounds.MISSED for said in SAYS_PRESENT)


def test_the_grounds_that_a_rule_knows():
    confirm = {rule for rule in NAMES if Grounds.CONFIRMATION in asked_under(rule)}
    assert confirm == {"P0", "P3", "P4"}
    assert asked_under("P2") == {Grounds.MISSED, Grounds.DECLINED, Grounds.NOT_COMPARABLE, Grounds.AUDIT}


SURE = Band(0.05, 0.95)


@pytest.mark.parametrize(
    ("answer", "probability", "confident", "said"),
    [
        (P, 0.95, SURE, Said.SURELY_PRESENT),
        (P, 0.94, SURE, Said.PRESENT),
        (A, 0.05, SURE, Said.SURELY_ABSENT),
        (A, 0.06, SURE, Said.ABSENT),
        (P, 0.95, None, Said.PRESENT),
        (A, 0.0, None, Said.ABSENT),
        # A reader that gives no probability is never sure.
        (P, None, SURE, Said.PRESENT),
        (A, None, SURE, Said.ABSENT),
        # Nor is one whose answer and probability point apart.
        (P, 0.01, SURE, Said.PRESENT),
        (None, 0.99, SURE, Said.DECLINED),
    ],
)
def test_what_the_model_says(answer, probability, confident, said):
    read = replace(an_ai_read(answer), probability=probability)
    assert said_by(read, confident) is said


@pytest.mark.parametrize("silence", Silence)
def test_why_a_model_is_silent(silence):
    assert said_by(replace(an_ai_read(None), silence=silence), None) == silence.value


def test_the_documentation_prints_the_table_as_it_is():
    if not DOCS.exists():
        pytest.skip("docs/policies.md is not in this copy")
    block = re.search(r"<!-- cells -->\n(.*?)<!-- /cells -->", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert block, "docs/policies.md has no block between cells markers"
    assert block[1].strip() == cells_table(), "renew it with: python -m server policy cells"


def test_the_printed_table_has_a_row_for_each_pair_and_a_column_for_each_rule():
    head, _, *rows = cells_table().splitlines()
    assert head == "| first reader | model | P0 | P1 | P2 | P3 | P4 |"
    assert len(rows) == len(TABLE)
    assert {row.count("|") for row in rows} == {8}
    over = next(row for row in rows if row.startswith("| present | absent |"))
    assert over.split(" | ")[4] == "ends: first report stands"
