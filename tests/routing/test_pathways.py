from __future__ import annotations

import itertools

import pytest

from server.model import Pathway, RiskBand
from server.routing.pathways import SHOWN, Moment, Person, pathway_of, rule_of, shown

from .nouns import a_policy

STAT = RiskBand("pressing", ("stat", "asap"), pathway=Pathway.NONE)
USUAL = RiskBand("usual", ("routine",), rule="P2")
MIDDLE = RiskBand("middle", probability=(0.3, 0.7), rule="P0")
POLICY = a_policy(bands=(STAT, USUAL, MIDDLE))


@pytest.mark.parametrize(
    ("priority", "pathway"),
    [
        ("stat", Pathway.NONE),
        ("asap", Pathway.NONE),
        ("urgent", Pathway.SECOND_READER),
        # A band that changes the rule alone leaves the pathway as it is.
        ("routine", Pathway.SECOND_READER),
        ("", Pathway.SECOND_READER),
    ],
)
def test_the_pathway_of_a_case(priority, pathway):
    assert pathway_of(POLICY, priority) is pathway
    assert pathway_of(a_policy(pathway=Pathway.NONE), priority) is Pathway.NONE


@pytest.mark.parametrize(
    ("priority", "probability", "rule", "band"),
    [
        ("stat", 0.5, "P1", "pressing"),
        ("routine", 0.5, "P2", "usual"),
        ("", 0.5, "P2", "usual"),  # R4: no priority is routine
        ("urgent", 0.5, "P0", "middle"),
        ("urgent", 0.3, "P0", "middle"),
        ("urgent", 0.7, "P0", "middle"),
        ("urgent", 0.71, "P1", None),
        ("urgent", None, "P1", None),
    ],
)
def test_the_first_band_that_a_case_is_in_counts(priority, probability, rule, band):
    assert rule_of(POLICY, priority, probability) == (rule, band)


def test_every_pathway_says_who_sees_what_when():
    assert set(SHOWN) == set(Pathway)
    assert all(set(row) == set(Moment) for row in SHOWN.values())


UNDER_WAY = list(itertools.product(Pathway, (Moment.READING, Moment.LOCKED)))


@pytest.mark.parametrize(("pathway", "moment"), UNDER_WAY)
def test_no_specialist_and_no_requester_sees_it_before_the_end(pathway, moment):
    assert not shown(pathway, moment, Person.SPECIALIST)
    assert not shown(pathway, moment, Person.REQUESTER)
    assert shown(pathway, moment, Person.FIRST_READER) is (pathway is Pathway.CONCURRENT)


def test_where_no_model_is_asked_there_is_nothing_to_see():
    assert not any(shown(Pathway.NONE, *each) for each in itertools.product(Moment, Person))
    assert shown(Pathway.SECOND_READER, Moment.RESOLVED, Person.SPECIALIST)
