"""The made-up directory: the same each time, and everybody who is right may be asked."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from conformance.bench.crowd import PANEL, cases, crowd
from server.routing.directory import read_directory
from server.routing.measure import measure, specialist
from server.routing.policy import load_policies

POLICIES = load_policies(Path(__file__).parents[2] / "server/routing/policies")
PEOPLE = crowd(1500, 3)
CASES = [each.cells() for each in cases(PEOPLE, 24, 4)]


def table():
    written = io.StringIO()
    rows = csv.DictWriter(written, list(PEOPLE[0].row))
    rows.writeheader()
    rows.writerows(each.row for each in PEOPLE)
    return written.getvalue()


SPECIALISTS = [specialist(row) for row in read_directory(table())]


def test_the_same_seed_makes_the_same_people_and_cases():
    assert crowd(200, 3) == crowd(200, 3)
    assert crowd(200, 3) != crowd(200, 4)
    assert cases(PEOPLE, 5, 4) == cases(PEOPLE, 5, 4)


def test_a_case_has_a_panel_of_those_who_may_be_asked():
    for case in cases(PEOPLE, 12, 4):
        assert len(case.right) == min(PANEL, case.eligible)
        assert case.first["role_id"] not in case.right


def test_the_match_finds_the_right_ones_far_oftener_than_a_lot():
    told = measure(SPECIALISTS, CASES, POLICIES)
    every = told["success"]["all"]
    assert (told["specialists"], told["cases"], every["cases"]) == (1500, 24, 24)
    assert every["by lot"] < 0.5
    assert every["at 1"] > every["by lot"] + 0.2
    assert every["at 3"] >= every["at 1"]
    assert len(told["success"]) == 1 + 2 + 2 * 6


def test_whoever_is_right_passes_every_filter():
    """Each of the panel, alone in the directory beside the first reader, is the match."""
    known = {each.role: each for each in SPECIALISTS}
    for case in CASES:
        first = f"PractitionerRole/{case['role_id']}"
        for role in case["right"].split(";"):
            alone = [known[first], known[f"PractitionerRole/{role}"]]
            told = measure(alone, [{**case, "right": role}], POLICIES)["success"]["all"]
            assert told["at 1"] == pytest.approx(1)
