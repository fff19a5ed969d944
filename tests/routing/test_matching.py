from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.model import (
    Absence,
    Coding,
    Matching,
    Needs,
    Qualification,
    Renown,
    Specialist,
    Spoken,
    Track,
    Weights,
)
from server.routing.directory import read_directory
from server.routing.matching import match
from server.routing.policy import load_policies
from server.routing.terms import UNSAID

from .nouns import CARDIOLOGY, INFECTION, NEUROLOGY, NOW, a_first_read, a_policy, a_specialist, hours

ROOT = Path(__file__).parents[2]
WINDOW = 12
BOARD = Coding("urn:board", "id", "Infectious diseases")
EVEN = Weights(0.2, 0.2, 0.2, 0.2, 0.2)
DEADLINE = NOW + hours(WINDOW)


def matched(*specialists, seed="case-1", already=(), first=None, tracks=None, policy=None, needs=UNSAID):
    return match(
        specialists,
        first=first or a_first_read(),
        policy=policy or a_policy(),
        deadline=DEADLINE,
        usual=hours(1),
        now=NOW,
        already=frozenset(already),
        seed=seed,
        tracks=tracks,
        needs=needs,
    )


def names(candidates):
    return [each.specialist.name for each in candidates]


def test_best_first_then_those_who_may_not_be_asked():
    found = matched(
        a_specialist("nearly", active=False),
        a_specialist("third", specialties=(NEUROLOGY,)),
        a_specialist("second", turnaround=hours(6)),
        a_specialist("hopeless", active=False, organisation=""),
        a_specialist("best"),
    )
    assert names(found) == ["best", "second", "third", "nearly", "hopeless"]
    assert [bool(each.failed) for each in found] == [False, False, False, True, True]
    assert [each.score is None for each in found] == [False, False, False, True, True]


def test_the_best_score_does_not_carry_anyone_past_a_filter():
    conflicted = a_specialist("perfect", organisation="Organization/home", turnaround=hours(0.1))
    poor = a_specialist("poor", specialties=(NEUROLOGY,), turnaround=hours(12))
    tracks = {poor.role: Track(open=50)}
    assert names(matched(conflicted, poor, tracks=tracks)) == ["poor", "perfect"]


HOME = {"organisation": "Organization/home"}
DEMANDED = Matching(credentials=(BOARD,), licence=True, weights=EVEN, most_open=3)
CONFLICTS = [
    (HOME, Matching(weights=EVEN), Track()),
    ({"practitioner": "Practitioner/first"}, Matching(weights=EVEN), Track()),
    ({"superiors": frozenset({"PractitionerRole/first"})}, Matching(weights=EVEN), Track()),
    ({"qualifications": ()}, DEMANDED, Track()),
    ({"qualifications": (Qualification((BOARD,), Absence(None, None)),)}, DEMANDED, Track()),
    ({}, DEMANDED, Track(open=3, answered=900, waited=hours(1))),
    ({"languages": frozenset({"de"})}, Matching(language=Spoken.SPECIALIST, weights=EVEN), Track()),
    ({"line_known": False}, Matching(reporting_line=True, weights=EVEN), Track()),
]


@pytest.mark.parametrize(("conflict", "rules", "track"), CONFLICTS)
def test_a_conflicted_top_scorer_never_appears(conflict, rules, track):
    """Whatever else speaks for them: volume, quality, speed."""
    fit = {
        "qualifications": (Qualification((BOARD,), Absence(None, None), frozenset({"CH"})),),
        "languages": frozenset({"fr"}),
        "line_known": True,
    }
    best = {"turnaround": hours(0.1), "renown": {"bacterial-meningitis": Renown(9_000, 1_000, 1_000)}}
    star = a_specialist("star", **fit | best | conflict)
    poor = a_specialist(
        "poor", **fit, organisation="Organization/beyond", specialties=(NEUROLOGY,), turnaround=hours(12)
    )
    signed = a_specialist("first", organisation="Organization/home", line_known=True)
    needs = Needs(("fr",), frozenset({"CH"}))
    tracks = {star.role: track, poor.role: Track(open=2)}
    found = matched(star, poor, signed, policy=a_policy(matching=rules), needs=needs, tracks=tracks)
    assert [each.specialist.name for each in found if not each.failed] == ["poor"]
    assert all(each.score is None for each in found[1:])
    freed = matched(
        a_specialist("star", **fit | best), poor, signed, policy=a_policy(matching=rules), needs=needs
    )
    assert names(freed)[0] == "star", "but for the conflict it would have been the first"


def test_what_is_replayed_by_the_seed_is_the_same_to_the_last_reason():
    directory = [a_specialist(f"s{number}", turnaround=hours(1 + number % 3)) for number in range(60)]
    tracks = {each.role: Track(number % 4, number, hours(number)) for number, each in enumerate(directory)}
    policy = a_policy(matching=Matching(weights=EVEN, measured=True))
    once = matched(*directory, tracks=tracks, policy=policy, seed="one")
    assert matched(*reversed(directory), tracks=tracks, policy=policy, seed="one") == once
    other = matched(*directory, tracks=tracks, policy=policy, seed="two")
    assert [each.score for each in other] == [each.score for each in once]


def test_ties_follow_the_seed_and_nothing_else():
    equal = [a_specialist(name) for name in "abcdefgh"]
    order = names(matched(*equal))
    assert names(matched(*reversed(equal))) == order
    orders = {tuple(names(matched(*equal, seed=f"case-{number}"))) for number in range(50)}
    assert len(orders) > 40
    assert {order[0] for order in orders} == set("abcdefgh")


def test_the_lot_is_recorded():
    [candidate] = matched(a_specialist("ada"), seed="s")
    # SHA-256 of the seed, a zero byte and the role, the first twelve digits.
    assert candidate.reasons[-1] == "lot among equal scores 1d8d376f5d82"


def test_nobody_is_left_when_all_were_asked():
    found = matched(
        a_specialist("a"), a_specialist("b"), already={"PractitionerRole/a", "PractitionerRole/b"}
    )
    assert all(each.failed for each in found)
    assert matched() == ()


spans = st.tuples(st.integers(-3, WINDOW + 3), st.integers(1, 9))
whole_hours = st.none() | st.integers(1, WINDOW + 4)
people = st.builds(
    lambda number, person, org, active, specialty, away, needs, offers: a_specialist(
        f"s{number}",
        practitioner=f"Practitioner/{person}",
        organisation=org and f"Organization/{org}",
        active=active,
        specialties=(specialty,),
        absences=tuple(Absence(NOW + hours(start), NOW + hours(start + long)) for start, long in away),
        turnaround=None if needs is None else hours(needs),
        qualifications=(Qualification((BOARD,), Absence(None, None), frozenset({"CH"})),) if offers else (),
        renown={"bacterial-meningitis": Renown(10 * offers, offers, offers)},
    ),
    st.integers(0, 99),
    st.sampled_from("pqrstuvw"),
    st.sampled_from(["", "home", "away", "beyond"]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([INFECTION, NEUROLOGY, INFECTION, CARDIOLOGY]),
    st.lists(spans, max_size=3),
    whole_hours,
    st.integers(0, 5),
)
directories = st.lists(people, max_size=25, unique_by=lambda each: each.role)


def may_be_asked(one: Specialist, everyone, readers, asked) -> bool:
    """The filters once more, the slow way: by whole hours and by walking the directory."""

    def same_person(named):
        roles = [each for each in everyone if each.role in named or each.practitioner in named]
        return one.practitioner in {each.practitioner for each in roles}

    own = {each.organisation for each in everyone if same_reader(each, everyone, readers)} | {
        "Organization/home"
    }
    free = [
        hour
        for hour in range(WINDOW)
        if not any(each.start <= NOW + hours(hour) < each.end for each in one.absences)
    ]
    return (
        one.active
        and one.specialties[0] in (INFECTION, NEUROLOGY)
        and not same_person(readers)
        and bool(one.organisation)
        and one.organisation not in own
        and not same_person(asked)
        and bool(free)
        and (one.turnaround is None or one.turnaround <= hours(len(free)))
    )


def same_reader(one, everyone, readers):
    people = {each.practitioner for each in everyone if each.role in readers} | set(readers)
    return one.role in readers or one.practitioner in people


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    directories,
    st.sets(st.sampled_from([f"Practitioner/{p}" for p in "pq"] + ["PractitionerRole/s1"]), max_size=2),
    st.sets(st.integers(0, 99).map(lambda number: f"PractitionerRole/s{number}"), max_size=5),
    st.text(max_size=5),
)
def test_no_filter_can_be_overridden(directory, readers, asked, seed):
    found = matched(*directory, first=a_first_read(readers=tuple(readers)), already=asked, seed=seed)
    assert sorted(names(found)) == sorted(each.name for each in directory)
    fit = [each for each in found if not each.failed]
    assert list(found[: len(fit)]) == fit
    for each in found:
        allowed = may_be_asked(each.specialist, directory, readers, asked)
        assert allowed is (not each.failed)
        assert (each.score is None) is bool(each.failed)
    scores = [each.score for each in fit]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def demo_directory():
    rows = read_directory((ROOT / "conformance/demo/directory.csv").read_text(encoding="utf-8"))
    return [
        Specialist(
            role=f"PractitionerRole/{row.role_id}",
            practitioner=f"Practitioner/{row.practitioner_id}",
            organisation=row.organisation_id and f"Organization/{row.organisation_id}",
            name=row.family,
            active=row.active,
            specialties=row.specialties,
            absences=row.absences,
            turnaround=row.turnaround,
        )
        for row in rows
    ]


def test_each_filter_refuses_someone_of_the_demonstration():
    policy = load_policies(ROOT / "server/routing/policies")["bacterial-meningitis"]
    found = match(
        demo_directory(),
        first=a_first_read(
            readers=("PractitionerRole/r-dapple",), organisations=("Organization/o-demo-general",)
        ),
        policy=policy,
        deadline=NOW + hours(1.5),
        usual=hours(1),
        now=NOW,
        already=frozenset({"PractitionerRole/r-quill"}),
        seed="demo",
    )
    refused = {each.specialist.name: each.failed for each in found if each.failed}
    starts = {
        "Quill": "was already asked",
        "Vellum": "usually needs 96 h 30 min",
        "Foster": "is not active",
        "Heron": "is absent until the deadline",
        "Ashlar": "has none of the specialties",
        "Dapple": "is the first reader",
        "Tarn": "works for the first reader's organisation",
        "Sorrel": "cannot be shown to be independent",
        "Cobble": "has none of the specialties",
        "Willow": "has none of the specialties",
        "Brook": "has none of the specialties",
    }
    assert set(refused) == set(starts)
    assert all(refused[name][0].startswith(start) for name, start in starts.items())
    assert len(found) - len(refused) == 6
