from __future__ import annotations

from server.routing.terms import terms_of

from .nouns import CARDIOLOGY, INFECTION, MICROBIOLOGY, NOW, a_first_read, a_policy, a_specialist, hours


def terms(*specialists, first=None, already=()):
    return terms_of(
        specialists,
        first=first or a_first_read(),
        policy=a_policy(),
        deadline=NOW + hours(2),
        usual=hours(1),
        now=NOW,
        already=frozenset(already),
    )


def test_a_role_leads_to_the_person():
    here = a_specialist("first", practitioner="Practitioner/p")
    assert terms(here).first_readers == {"PractitionerRole/first", "Practitioner/p"}


def test_a_person_leads_to_every_organisation():
    roles = [
        a_specialist("first", practitioner="Practitioner/p", organisation="Organization/one"),
        a_specialist("second", practitioner="Practitioner/p", organisation="Organization/two"),
        a_specialist("third", practitioner="Practitioner/q", organisation="Organization/three"),
    ]
    found = terms(*roles).organisations
    assert found == {"Organization/home", "Organization/one", "Organization/two"}


def test_unknown_references_bind_nobody():
    nameless = a_specialist("first", practitioner="", organisation="")
    found = terms(nameless, first=a_first_read(organisations=("",)), already={"PractitionerRole/first"})
    assert "" not in found.first_readers | found.organisations | found.asked


def test_who_was_asked_in_one_role_was_asked_in_all():
    found = terms(a_specialist("one", practitioner="Practitioner/p"), already={"PractitionerRole/one"})
    assert found.asked == {"PractitionerRole/one", "Practitioner/p"}


def test_the_best_of_several_specialties_counts():
    assert terms().rank(a_specialist(specialties=(MICROBIOLOGY, CARDIOLOGY, INFECTION))) == 0
    assert terms().rank(a_specialist(specialties=(CARDIOLOGY, MICROBIOLOGY))) == 1
    assert terms().rank(a_specialist(specialties=(CARDIOLOGY,))) is None
    assert terms().rank(a_specialist(specialties=())) is None
