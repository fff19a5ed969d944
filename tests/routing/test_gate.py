from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from server.model import Answer, GateRule, Passage, Passed
from server.routing.gate import below, omission_bound, passage, reads_to_open

from .nouns import an_ai_read

RULE = GateRule(
    rule_out_below=0.02, window=timedelta(days=90), at_most=0.5, reread=0.05, omitted_at_most=0.01
)
CALM = Passed(cases=1000, ruled_out=400, reread=400, found=0)
ABSENT, PRESENT = Answer.ABSENT, Answer.PRESENT


def way(answer=ABSENT, probability=0.0, passed=CALM, *, drawn=False, doubled=False):
    read = replace(an_ai_read(answer), probability=probability)
    return passage(read, RULE, passed, drawn=drawn, doubled=doubled)


@pytest.mark.parametrize(
    ("case", "lot", "end"),
    [
        ((None, None, CALM), (False, False), Passage.SILENT),
        ((None, None, Passed()), (True, True), Passage.SILENT),
        ((PRESENT, 0.9, CALM), (False, False), Passage.NOT_BELOW),
        ((ABSENT, 0.02, CALM), (False, False), Passage.NOT_BELOW),
        ((ABSENT, None, CALM), (False, False), Passage.NOT_BELOW),
        ((ABSENT, float("nan"), CALM), (False, False), Passage.NOT_BELOW),
        ((ABSENT, 0.0, CALM), (False, True), Passage.DOUBLED),
        ((ABSENT, 0.0, Passed()), (False, False), Passage.UNPROVEN),
        ((ABSENT, 0.0, replace(CALM, reread=299)), (False, False), Passage.UNPROVEN),
        ((ABSENT, 0.0, replace(CALM, found=1)), (True, False), Passage.UNPROVEN),
        ((ABSENT, 0.0, replace(CALM, ruled_out=500)), (True, False), Passage.FULL),
        ((ABSENT, 0.0, CALM), (True, False), Passage.DRAWN),
        ((ABSENT, 0.0, CALM), (False, False), Passage.RULED_OUT),
        ((ABSENT, 0.0199, replace(CALM, reread=300)), (False, False), Passage.RULED_OUT),
    ],
)
def test_every_case_has_one_end(case, lot, end):
    answer, probability, passed = case
    drawn, doubled = lot
    assert way(answer, probability, passed, drawn=drawn, doubled=doubled) is end


def test_a_positive_answer_is_never_ruled_out_whatever_its_number():
    # A model whose number and answer contradict each other is in doubt.
    assert not below(replace(an_ai_read(PRESENT), probability=0.0), RULE)


@pytest.mark.parametrize(
    ("before", "end"), [(499, Passage.RULED_OUT), (500, Passage.RULED_OUT), (501, Passage.FULL)]
)
def test_the_share_ruled_out_has_a_cap(before, end):
    assert way(passed=Passed(1001, before, 400, 0)) is end


@pytest.mark.parametrize(
    ("reread", "found", "bound"), [(3000, 0, 0.001), (2, 0, 1.0), (100, 10, 0.1744), (100, 100, 1.0)]
)
def test_the_bound(reread, found, bound):
    assert omission_bound(Passed(1, 1, reread, found)) == pytest.approx(bound, abs=5e-4)


def test_of_nothing_nothing_is_known():
    with pytest.raises(ValueError, match="no case"):
        omission_bound(Passed(10, 5, 0, 0))


@pytest.mark.parametrize(("limit", "reads"), [(0.01, 300), (0.005, 600), (0.75, 4), (0.9, 4)])
def test_how_many_reads_open_it(limit, reads):
    rule = replace(RULE, omitted_at_most=limit)
    assert reads_to_open(rule) == reads
    assert omission_bound(Passed(reads, 0, reads, 0)) <= limit
    assert omission_bound(Passed(reads, 0, reads - 1, 0)) > limit
