"""What is checked of an assessor: what is not known is not independent."""

from __future__ import annotations

import pytest

from server.model import Check, Finding, Independence
from server.routing.independence import checks
from server.routing.terms import terms_of

from .nouns import NOW, a_first_read, a_policy, a_specialist, hours

FIRST = a_specialist("first", organisation="Organization/home", line_known=True)
APART = {"line_known": True}


def of(assessor, *others, role=None):
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
