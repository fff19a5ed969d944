from __future__ import annotations

from dataclasses import astuple

import pytest

from server.model import Absence, Matching, Renown, Track, Weights
from server.routing.availability import free_spells
from server.routing.scoring import score
from server.routing.terms import terms_of

from .nouns import MICROBIOLOGY, NEUROLOGY, NOW, a_first_read, a_policy, a_specialist, hours

DEADLINE = NOW + hours(4)


def scored(open_offers=0, **changes):
    found = weighed(a_specialist(**changes), Track(open=open_offers))
    return found.total, found.reasons


def weighed(specialist, track, *others, **rules):
    terms = terms_of(
        [specialist, *others],
        first=a_first_read(),
        policy=a_policy(matching=Matching(**rules)),
        deadline=DEADLINE,
        usual=hours(1),
        now=NOW,
        already=frozenset(),
        tracks={specialist.role: track},
    )
    return score(specialist, terms, free_spells(specialist.absences, NOW, DEADLINE))


def test_the_weights_fill_the_scale():
    assert sum(astuple(Weights())) == pytest.approx(1)


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


EVEN = Weights(0.2, 0.2, 0.2, 0.2, 0.2)
QUESTION = "bacterial-meningitis"


def known(per_year=0, right=0, adjudicated=0, question=QUESTION):
    return {"renown": {question: Renown(per_year, right, adjudicated)}}


@pytest.mark.parametrize(
    ("renown", "track", "volume", "quality", "own"),
    [
        ({}, Track(), 0, 0.5, 0),
        (known(question="another"), Track(), 0, 0.5, 0),
        (known(50), Track(), 0.5, 0.5, 0),
        (known(100), Track(answered=50), 0.75, 0.5, 0),
        # Of one reader alone no spread is known: ten reads of the mean (9 + 1) / (10 + 2) are added.
        (known(0, 9, 10), Track(), 0, (9 + 10 * 10 / 12) / 20, 0.5),
    ],
)
def test_volume_and_quality(renown, track, volume, quality, own):
    found = weighed(a_specialist(**renown), track, weights=EVEN)
    assert found.total == pytest.approx(0.2 * (1 + volume + 0.75 + quality + 1), abs=5e-5)
    assert found.confidence == pytest.approx(0.2 * (1 + volume + 0.75 + quality * own + 1), abs=5e-5)
    assert len(found.reasons) == 5


def test_the_sums_of_volume_and_quality_are_told():
    found = weighed(a_specialist(**known(100, 9, 10)), Track(answered=50), weights=EVEN)
    assert found.reasons[1] == (
        "cases of this question: 100 a year by the directory, 50 answered here: 0.75 x 0.2"
    )
    assert found.reasons[3] == "9 of 10 adjudicated reads right, all readers 0.83: 0.87 x 0.2"


@pytest.mark.parametrize(
    ("stated", "track", "confidence"),
    [
        (hours(1), Track(), 0.5 + 0.225 + 0.2),
        (None, Track(), 0.7),
        (None, Track(answered=1, waited=hours(1)), 0.925),
    ],
)
def test_confidence_counts_nothing_that_is_assumed(stated, track, confidence):
    found = weighed(a_specialist(turnaround=stated), track, measured=True)
    assert found.confidence == pytest.approx(confidence)


def test_more_reads_of_the_same_share_are_believed_more():
    others = [a_specialist(f"o{n}", **known(0, 60 + 5 * n, 100)) for n in range(8)]
    few, many = (
        weighed(a_specialist(**known(0, right, right)), Track(), *others, weights=EVEN) for right in (2, 200)
    )
    assert few.total < many.total
