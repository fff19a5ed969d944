from __future__ import annotations

import pytest

from server.model import Absence
from server.routing.availability import free_spells
from server.routing.scoring import LOAD_WEIGHT, SPECIALTY_WEIGHT, SPEED_WEIGHT, score
from server.routing.terms import terms_of

from .nouns import MICROBIOLOGY, NEUROLOGY, NOW, a_first_read, a_policy, a_specialist, hours

DEADLINE = NOW + hours(4)


def scored(**changes):
    specialist = a_specialist(**changes)
    terms = terms_of(
        [],
        first=a_first_read(),
        policy=a_policy(),
        deadline=DEADLINE,
        usual=hours(1),
        now=NOW,
        already=frozenset(),
    )
    return score(specialist, terms, free_spells(specialist.absences, NOW, DEADLINE))


def test_the_weights_fill_the_scale():
    assert sum((SPECIALTY_WEIGHT, SPEED_WEIGHT, LOAD_WEIGHT)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        ({}, 0.5 + 0.3 * 0.75 + 0.2),
        ({"specialties": (MICROBIOLOGY,)}, 0.5 * 2 / 3 + 0.3 * 0.75 + 0.2),
        ({"specialties": (NEUROLOGY,)}, 0.5 / 3 + 0.3 * 0.75 + 0.2),
        ({"turnaround": hours(4)}, 0.5 + 0.2),
        ({"turnaround": None}, 0.5 + 0.3 * 0.5 + 0.2),
        ({"open_offers": 1}, 0.5 + 0.3 * 0.75 + 0.1),
        ({"open_offers": 3}, 0.5 + 0.3 * 0.75 + 0.05),
        # Away for the next two hours: done after three of the four.
        ({"absences": (Absence(None, NOW + hours(2)),)}, 0.5 + 0.3 * 0.25 + 0.2),
        ({"absences": (Absence(None, NOW + hours(2)),), "turnaround": None}, 0.5 + 0.3 * 0.25 + 0.2),
    ],
)
def test_score(changes, total):
    assert scored(**changes)[0] == pytest.approx(total, abs=5e-5)


def test_the_reasons_carry_the_numbers():
    assert scored(specialties=(MICROBIOLOGY,), open_offers=1)[1] == (
        "Clinical microbiology, choice 2 of 3: 0.67 x 0.5",
        "usually needs 1 h, done 1 h from now, 4 h until the deadline: 0.75 x 0.3",
        "open offers 1: 0.50 x 0.2",
    )
    assert scored(turnaround=None)[1][1] == (
        "turnaround not measured, done 2 h from now, 4 h until the deadline: 0.50 x 0.3"
    )
