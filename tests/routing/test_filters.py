from __future__ import annotations

from datetime import timedelta

import pytest

from server.model import Absence
from server.routing.availability import free_spells
from server.routing.filters import FILTERS, failures, span
from server.routing.terms import terms_of

from .nouns import CARDIOLOGY, NOW, a_first_read, a_policy, a_specialist, hours

DEADLINE = NOW + hours(2)
INDEPENDENCE = "cannot be shown to be independent: "
SPECIALTIES = "Infectious diseases, Clinical microbiology, Neurology"
GONE = (Absence(None, None),)
ENDED = "no longer works in this role: its period has ended"
NOT_BEGUN = "does not work in this role before the deadline: its period begins later"
SHORT = "usually needs 1 h, and 30 min are free before the deadline"


def failed(specialist, *others, first=None, already=(), deadline=DEADLINE):
    terms = terms_of(
        [specialist, *others],
        first=first or a_first_read(),
        policy=a_policy(),
        deadline=deadline,
        usual=hours(1),
        now=NOW,
        already=frozenset(already),
    )
    return failures(specialist, terms, free_spells(specialist.away, NOW, deadline))


TABLE = [
    ({}, ()),
    ({"active": False}, ("is not active in the directory",)),
    ({"organisation_active": False}, ("works for an organisation that is not active in the directory",)),
    ({"until": NOW}, (ENDED,)),
    ({"until": NOW - hours(48), "absences": GONE}, (ENDED,)),
    ({"since": DEADLINE}, (NOT_BEGUN,)),
    ({"since": NOW, "until": DEADLINE}, ()),
    ({"since": NOW + hours(1.25)}, ("usually needs 1 h, and 45 min are free before the deadline",)),
    ({"until": NOW + hours(0.5)}, ("usually needs 1 h, and 30 min are free before the deadline",)),
    ({"since": NOW + hours(0.5), "absences": (Absence(NOW + hours(1), DEADLINE),)}, (SHORT,)),
    (
        {"specialties": (CARDIOLOGY,)},
        (f"has none of the specialties that the policy takes ({SPECIALTIES})",),
    ),
    ({"organisation": "Organization/home"}, ("works for the first reader's organisation",)),
    ({"organisation": ""}, (INDEPENDENCE + "the directory names no organisation",)),
    ({"absences": GONE}, ("is absent until the deadline",)),
    ({"absences": (Absence(None, DEADLINE),)}, ("is absent until the deadline",)),
    ({"absences": (Absence(None, DEADLINE - hours(1)),)}, ()),
    ({"turnaround": hours(2)}, ()),
    ({"turnaround": hours(2.5)}, ("usually needs 2 h 30 min, and 2 h are free before the deadline",)),
    (
        {"turnaround": hours(1.25), "absences": (Absence(NOW + hours(0.5), NOW + hours(1.5)),)},
        ("usually needs 1 h 15 min, and 1 h are free before the deadline",),
    ),
    ({"turnaround": None}, ()),
    (
        {"turnaround": None, "absences": (Absence(NOW + hours(0.5), DEADLINE),)},
        ("states no turnaround, and the policy counts on 1 h, and 30 min are free before the deadline",),
    ),
    ({"turnaround": hours(99), "absences": GONE}, ("is absent until the deadline",)),
]


@pytest.mark.parametrize(("changes", "sentences"), TABLE)
def test_each_filter_says_its_own_sentence(changes, sentences):
    assert failed(a_specialist(**changes)) == sentences


@pytest.mark.parametrize("reader", ["PractitionerRole/ada", "Practitioner/ada"])
def test_the_first_reader_is_refused_by_role_and_by_person(reader):
    sentences = failed(a_specialist("ada"), first=a_first_read(readers=(reader,)))
    # Where the first reader works is now known too.
    assert sentences == ("is the first reader", "works for the first reader's organisation")


def test_the_first_reader_is_refused_in_another_role_elsewhere():
    signed = a_specialist("one", practitioner="Practitioner/p", organisation="Organization/home")
    again = a_specialist("two", practitioner="Practitioner/p", organisation="Organization/away")
    sentences = failed(again, signed, first=a_first_read(readers=("PractitionerRole/one",)))
    assert "is the first reader" in sentences


def test_a_colleague_is_refused_though_the_report_names_no_organisation():
    signed = a_specialist("one", organisation="Organization/there")
    colleague = a_specialist("two", organisation="Organization/there")
    first = a_first_read(readers=("PractitionerRole/one",), organisations=())
    assert failed(colleague, signed, first=first) == ("works for the first reader's organisation",)


def test_nobody_is_independent_of_an_unknown_organisation():
    first = a_first_read(organisations=())
    assert failed(a_specialist(), first=first) == (
        INDEPENDENCE + "the first report's organisation is not known",
    )


@pytest.mark.parametrize(
    ("role", "sentences"),
    [
        ("PractitionerRole/ada", ("was already asked for this case",)),
        ("PractitionerRole/bob", ()),
    ],
)
def test_nobody_is_asked_twice(role, sentences):
    assert failed(a_specialist("ada"), already={role}) == sentences


@pytest.mark.parametrize("deadline", [NOW, NOW - hours(1)])
def test_a_deadline_that_has_passed(deadline):
    assert failed(a_specialist(), deadline=deadline) == ("the deadline has passed",)


@pytest.mark.parametrize("away", [{"absences": GONE}, {"until": NOW}, {"until": NOW, "absences": GONE}])
def test_every_obstacle_is_told(away):
    nothing = {"active": False, "organisation_active": False, "specialties": ()}
    worst = a_specialist("first", organisation="Organization/home", **nothing, **away)
    # Who is not there is not slow as well; and either the role is over, or they are absent.
    assert len(failed(worst, already={"PractitionerRole/first"})) == len(FILTERS) - 2


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(0), "0 min"),
        (timedelta(minutes=45, seconds=59), "45 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(minutes=95), "1 h 35 min"),
        (timedelta(days=3), "72 h"),
    ],
)
def test_span(time, words):
    assert span(time) == words
