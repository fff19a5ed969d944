"""What is checked of an assessor: what is not known is not independent."""

from __future__ import annotations

import pytest

from server.model import Check, Finding, Independence, Looked
from server.routing.independence import checks
from server.routing.terms import terms_of

from .nouns import NOW, a_first_read, a_policy, a_specialist, hours

FIRST = a_specialist("first", organisation="Organization/home", line_known=True)
APART = {"line_known": True}


def of(assessor, *others, role=None, looked=()):
    directory = (assessor, FIRST, *others)
    readers = (FIRST.role, *(each.role for each in others))
    terms = terms_of(
        directory,
        first=a_first_read(readers=readers),
        policy=a_policy(),
        deadline=NOW + hours(8),
        usual=hours(1),
        now=NOW,
        already=frozenset(),
        looked=looked,
    )
    return checks(role or assessor.role, directory, terms)


def findings(told):
    return [each.finding.value for each in told]


def test_everything_known_and_apart_is_independent():
    told = of(a_specialist(**APART))
    assert findings(told) == ["different"] * 4
    assert [each.what for each in told] == ["person", "organisation", "reporting line", "sight"]
    assert Independence("r", ("f",), told).shown


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["different", "different", "not known"]),
        ({"practitioner": FIRST.practitioner, **APART}, ["shared", "shared", "different"]),
        ({"organisation": "Organization/home", **APART}, ["different", "shared", "different"]),
        ({"organisation": "", **APART}, ["different", "not known", "different"]),
        ({"superiors": frozenset({FIRST.practitioner}), **APART}, ["different", "different", "shared"]),
    ],
)
def test_what_is_shared_or_not_known_refuses_the_label(changes, expected):
    told = of(a_specialist(**changes))
    assert findings(told)[:3] == expected
    assert not Independence("r", ("f",), told).shown


def test_of_an_earlier_specialist_too():
    earlier = a_specialist("eve", organisation="Organization/there", **APART)
    told = of(a_specialist(organisation="Organization/there", **APART), earlier)
    assert findings(told)[:3] == ["different", "shared", "different"]
    assert "shared with somebody who gave an earlier opinion" in told[1].words


def test_whom_the_directory_does_not_have_any_more_is_not_known():
    told = of(a_specialist(**APART), role="PractitionerRole/gone")
    assert findings(told) == ["not known"] * 4
    assert isinstance(told[0], Check)
    assert told[0].finding is Finding.UNKNOWN


def system(*speaks_for, found=True):
    return Looked(frozenset(speaks_for), found)


@pytest.mark.parametrize(
    ("looked", "finding", "words"),
    [
        ((), Finding.DIFFERENT, "no earlier opinion was shown at this server"),
        ((system("Organization/other"),), Finding.DIFFERENT, "no earlier opinion was shown"),
        ((system("Organization/other", found=False),), Finding.DIFFERENT, "no earlier opinion was shown"),
        (None, Finding.UNKNOWN, "the record of accesses cannot be read"),
        ((system(),), Finding.UNKNOWN, "speaks for nobody in particular has read one"),
        ((system(found=False),), Finding.UNKNOWN, "what a search shows is not kept"),
    ],
)
def test_sight_is_what_is_recorded_and_never_more(looked, finding, words):
    sight = of(a_specialist(**APART), looked=looked)[3]
    assert sight.finding is finding
    assert words in sight.words


@pytest.mark.parametrize("name", ["role", "practitioner", "organisation"])
@pytest.mark.parametrize("found", [True, False])
def test_sight_of_a_system_that_speaks_for_the_assessor_or_their_house(name, found):
    assessor = a_specialist(**APART)
    told = of(assessor, looked=(system(getattr(assessor, name), found=found), system()))
    assert told[3].finding is (Finding.SHARED if found else Finding.UNKNOWN)
