from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from server.model import Absence, Coding, Looked, Matching, Needs, Qualification, Spoken, Track
from server.routing.availability import free_spells
from server.routing.filters import FILTERS, failures
from server.routing.pace import span
from server.routing.terms import NOTHING, UNSAID, terms_of

from .nouns import CARDIOLOGY, NOW, a_first_read, a_policy, a_specialist, hours

DEADLINE = NOW + hours(2)
INDEPENDENCE = "cannot be shown to be independent: "
SPECIALTIES = "Infectious diseases, Clinical microbiology, Neurology"
GONE = (Absence(None, None),)
ENDED = "no longer works in this role: its period has ended"
NOT_BEGUN = "does not work in this role before the deadline: its period begins later"
SHORT = "usually needs 1 h, and 30 min are free before the deadline"


def failed(
    specialist,
    *others,
    first=None,
    already=(),
    deadline=DEADLINE,
    needs=UNSAID,
    track=NOTHING,
    looked=(),
    **rules,
):
    terms = terms_of(
        [specialist, *others],
        first=first or a_first_read(),
        policy=a_policy(matching=Matching(**rules)),
        deadline=deadline,
        usual=hours(1),
        now=NOW,
        already=frozenset(already),
        needs=needs,
        tracks={specialist.role: track},
        looked=looked,
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


ALWAYS = Absence(None, None)
BOARD = Coding("urn:board", "neuro", "Neuroradiology")
OTHER = Coding("urn:board", "cardio", "Cardiology")
NO_BOARD = ("has no valid qualification of those that the policy demands (Neuroradiology)",)
NO_LICENCE = ("has no valid licence where the patient lives",)
WHERE = ("cannot be shown to be licensed: where the patient lives is not known",)
WHAT_LANGUAGE = ("cannot be shown to know the patient's language: it is not known",)
NOT_SPOKEN = ("is not known to speak the patient's language",)
NO_INTERPRETER = (NOT_SPOKEN[0] + ", nor to work with an interpreter of it",)


def holds(code=BOARD, valid=ALWAYS, *places):
    return {"qualifications": (Qualification((code,), valid, frozenset(places)),)}


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, NO_BOARD),
        (holds(OTHER), NO_BOARD),
        (holds(), ()),
        (holds(BOARD, Absence(NOW, DEADLINE)), ()),
        (holds(BOARD, Absence(NOW + hours(1), None)), NO_BOARD),
        (holds(BOARD, Absence(None, DEADLINE - hours(1))), NO_BOARD),
    ],
)
def test_the_credential_for_the_question_is_held_until_the_answer_is_due(changes, sentences):
    assert failed(a_specialist(**changes), credentials=(BOARD,)) == sentences
    assert failed(a_specialist(**changes)) == ()


@pytest.mark.parametrize(
    ("changes", "lives", "sentences"),
    [
        ({}, {"CH", "CH-ZH"}, NO_LICENCE),
        (holds(), {"CH", "CH-ZH"}, NO_LICENCE),
        (holds(BOARD, ALWAYS, "CH-ZH"), {"CH", "CH-ZH"}, ()),
        (holds(BOARD, ALWAYS, "CH"), {"CH", "CH-ZH"}, ()),
        (holds(BOARD, ALWAYS, "CH-GE"), {"CH", "CH-ZH"}, NO_LICENCE),
        (holds(BOARD, ALWAYS, "CH-ZH"), {"CH"}, NO_LICENCE),
        (holds(BOARD, Absence(None, NOW), "CH"), {"CH"}, NO_LICENCE),
        (holds(BOARD, ALWAYS, "CH"), set(), WHERE),
    ],
)
def test_a_licence_holds_where_the_patient_lives(changes, lives, sentences):
    needs = Needs(places=frozenset(lives))
    assert failed(a_specialist(**changes), needs=needs, licence=True) == sentences
    assert failed(a_specialist(**changes), needs=needs) == ()


@pytest.mark.parametrize(
    ("own", "service", "patient", "by_the_specialist", "by_an_interpreter"),
    [
        ((), (), ("fr",), NOT_SPOKEN, NO_INTERPRETER),
        (("de", "fr"), (), ("fr-CH",), (), ()),
        (("de",), ("fr",), ("fr",), NOT_SPOKEN, ()),
        (("de",), ("it",), ("fr",), NOT_SPOKEN, NO_INTERPRETER),
        (("fr",), ("fr",), (), WHAT_LANGUAGE, WHAT_LANGUAGE),
    ],
)
def test_the_language_is_the_specialists_own_or_an_interpreters(
    own, service, patient, by_the_specialist, by_an_interpreter
):
    one = a_specialist(languages=frozenset(own), service_languages=frozenset(service))
    needs = Needs(languages=patient)
    assert failed(one, needs=needs, language=Spoken.SPECIALIST) == by_the_specialist
    assert failed(one, needs=needs, language=Spoken.INTERPRETER) == by_an_interpreter
    assert failed(one, needs=needs) == ()


IN_LINE = ("is in the first reader's reporting line",)
LINE_UNSAID = (INDEPENDENCE + "the directory does not say to whom they report",)
FIRST_UNSAID = (INDEPENDENCE + "to whom the first reader reports is not known",)


@pytest.mark.parametrize(
    ("ada", "first", "demanded", "otherwise"),
    [
        (None, None, LINE_UNSAID, ()),
        ((), None, FIRST_UNSAID, ()),
        (None, (), LINE_UNSAID, ()),
        ((), (), (), ()),
        (("chief",), ("boss",), (), ()),
        (("first",), (), IN_LINE, IN_LINE),
        ((), ("ada",), IN_LINE, IN_LINE),
        (("first",), None, IN_LINE, IN_LINE),
        (None, ("ada",), IN_LINE, IN_LINE),
        (("head",), ("head",), IN_LINE, IN_LINE),
        (("deputy",), (), IN_LINE, IN_LINE),
        ((), ("deputy",), (), ()),
    ],
)
def test_no_one_of_the_first_readers_reporting_line(ada, first, demanded, otherwise):
    def led(name, by, **more):
        above = frozenset(f"Practitioner/{each}" for each in by or ())
        return a_specialist(name, superiors=above, line_known=by is not None, **more)

    one, signed = led("ada", ada), led("first", first, organisation="Organization/home")
    deputy = led("deputy", ("first",), organisation="Organization/home")
    assert failed(one, signed, deputy, reporting_line=True) == demanded
    assert failed(one, signed, deputy) == otherwise


def test_the_line_of_every_first_reader_must_be_known():
    first = a_first_read(readers=("PractitionerRole/one", "PractitionerRole/two"))
    one = a_specialist("one", organisation="Organization/home", line_known=True)
    two = a_specialist("two", organisation="Organization/home")
    ada = a_specialist(line_known=True)
    assert failed(ada, one, two, first=first, reporting_line=True) == FIRST_UNSAID
    assert failed(ada, one, first=a_first_read(readers=()), reporting_line=True) == FIRST_UNSAID


@pytest.mark.parametrize(("open_", "sentences"), [(4, ()), (5, None), (6, None)])
def test_the_load_cap(open_, sentences):
    told = (f"has {open_} open offers, and the policy's cap is 5",)
    assert failed(a_specialist(), track=Track(open=open_), most_open=5) == (told if sentences is None else ())
    assert failed(a_specialist(), track=Track(open=open_)) == ()


@pytest.mark.parametrize(
    ("stated", "track", "sentences"),
    [
        (hours(1), Track(), ()),
        (hours(1), Track(answered=1, waited=hours(1)), ()),
        # (3 x 1 h + 9 h) / (3 + 1)
        (
            hours(1),
            Track(answered=1, waited=hours(9)),
            ("needs 3 h as measured over 1 answers, and 2 h are free before the deadline",),
        ),
        # Three hours of silence and no answer count as well.
        (
            hours(2),
            Track(waited=hours(3)),
            ("needs 3 h as measured over 0 answers, and 2 h are free before the deadline",),
        ),
        (None, Track(answered=7, waited=hours(7)), ()),
        (hours(9), Track(answered=27, waited=hours(13.5)), ()),
    ],
)
def test_what_was_measured_counts_before_what_is_stated(stated, track, sentences):
    one = a_specialist(turnaround=stated)
    assert failed(one, track=track, measured=True) == sentences


def test_what_was_measured_counts_for_nothing_unless_the_policy_says_so():
    assert failed(a_specialist(), track=Track(answered=9, waited=hours(99))) == ()


def test_whose_system_was_shown_an_earlier_opinion_is_not_asked_and_what_is_not_known_bars_nobody():
    one = a_specialist()
    theirs = Looked(frozenset((one.role,)))
    said = "was shown an earlier opinion: a system that speaks for them has read it"
    assert failed(one, looked=(theirs,)) == (said,)
    assert failed(one, looked=(Looked(frozenset((one.organisation,))),)) == (said,)
    for other in (replace(theirs, found=False), Looked(frozenset()), Looked(frozenset(("Organization/x",)))):
        assert failed(one, looked=(other,)) == ()
    assert failed(one, looked=None) == ()


@pytest.mark.parametrize("deadline", [NOW, NOW - hours(1)])
def test_a_deadline_that_has_passed(deadline):
    assert failed(a_specialist(), deadline=deadline) == ("the deadline has passed",)


@pytest.mark.parametrize("away", [{"absences": GONE}, {"until": NOW}, {"until": NOW, "absences": GONE}])
def test_every_obstacle_is_told(away):
    nothing = {"active": False, "organisation_active": False}
    worst = a_specialist("first", organisation="Organization/home", **nothing, **away)
    every = {
        "credentials": (BOARD,),
        "licence": True,
        "language": Spoken.SPECIALIST,
        "reporting_line": True,
        "most_open": 1,
    }
    sentences = failed(worst, already={"PractitionerRole/first"}, track=Track(open=1), **every)
    # They have the specialty; who is not there is not slow as well; the role is over, or they are absent;
    # who has looked is told of assessments alone.
    assert len(sentences) == len(FILTERS) - 4


def test_who_reads_something_else_is_told_that_alone():
    other = a_specialist(specialties=(CARDIOLOGY,), active=False, absences=GONE)
    assert failed(other) == (f"has none of the specialties that the policy takes ({SPECIALTIES})",)


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
