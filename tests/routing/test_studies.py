"""Right patient or no opinion: which study an order is about, and what goes to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.images import ImageObject, Named, Ordered, Person, Study
from server.routing.studies import Unmatched, match, same_patient, wanted
from server.words import name_words

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
NAMED = Named("1.2.3", "PID-1", "HOSP", "ACC-1", "RIS")
BY_UID = Ordered(("1.2.3",), (("urn:ris", "ACC-1"),), (("urn:hosp", "PID-1"), ("urn:ssn", "999")))
BY_NUMBER = replace(BY_UID, studies=())
ODD_IDS = ("*", "PID-?", "PID*", "PID-1\\PID-2", "pid-1", "PID-\u200b1")
ISSUERS = {"HOSP": "urn:hosp", "OTHER": "urn:other"}


def study(named: Named = NAMED, *contradictions: str) -> Study:
    return Study(named, AT, AT, (), contradictions)


@pytest.mark.parametrize("order", [BY_UID, BY_NUMBER])
@pytest.mark.parametrize(
    "named",
    [
        NAMED,
        replace(NAMED, issuer=""),
        replace(NAMED, issuer="urn:hosp"),
        replace(NAMED, accession_issuer=""),
    ],
)
def test_what_fits_is_taken(order: Ordered, named: Named) -> None:
    assert match(order, [study(named)], ISSUERS) == study(named)


@pytest.mark.parametrize(
    ("system", "issuer", "fits"),
    [
        ("", "ELSEWHERE", True),  # the EHR does not say whose number it is: there is nothing to compare
        ("", "", True),
        ("urn:oid:1.2.3.99", "1.2.3.99", True),  # Universal Entity ID (0040,0032), ISO
        ("urn:oid:1.2.3.9", "1.2.3.99", False),
        ("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", True),
        ("https://ehr.example/patient", "https://ehr.example/patient", True),
        ("https://ehr.example/patient", "ehr.example", False),
    ],
)
def test_an_issuer_that_nobody_has_listed_is_the_orders_own_or_in_doubt(
    system: str, issuer: str, *, fits: bool
) -> None:
    order = replace(BY_UID, patient_ids=((system, "PID-1"),))
    found = study(replace(NAMED, issuer=issuer))
    assert isinstance(match(order, [found], ISSUERS), Study) is fits
    assert same_patient(order, found.named, ISSUERS) is fits


def test_a_listed_issuer_is_what_the_list_says_alone() -> None:
    """Also where it is written as another system is."""
    listed = {"urn:hosp": "urn:other"}
    assert isinstance(match(BY_UID, [study(replace(NAMED, issuer="urn:hosp"))], listed), Unmatched)


def test_a_study_without_an_accession_number_fits_by_its_uid() -> None:
    found = study(replace(NAMED, accession=""))
    assert match(BY_UID, [found], ISSUERS) == found


def test_an_order_without_an_accession_number_fits_by_its_uid() -> None:
    assert match(replace(BY_UID, accessions=()), [study()], ISSUERS) == study()


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (BY_UID, []),
        (BY_NUMBER, []),
        (BY_NUMBER, [study(replace(NAMED, accession="ACC-2"))]),
        (replace(BY_NUMBER, accessions=()), [study(replace(NAMED, accession=""))]),
    ],
)
def test_what_is_not_here_is_waited_for(order: Ordered, found: list[Study]) -> None:
    assert match(order, found, ISSUERS) is None


@pytest.mark.parametrize(
    ("order", "found", "why"),
    [
        (BY_UID, [study(replace(NAMED, patient_id="PID-2"))], "name another patient"),
        (BY_NUMBER, [study(replace(NAMED, patient_id="PID-2"))], "name another patient"),
        (BY_UID, [study(replace(NAMED, patient_id=""))], "name no patient"),
        (BY_UID, [study(replace(NAMED, issuer="OTHER"))], "name another patient"),
        (BY_UID, [study(replace(NAMED, patient_id="999"))], "name another patient"),
        (BY_UID, [study(replace(NAMED, issuer="ELSEWHERE"))], "[[issuer]] table of the file of DICOM peers"),
        (BY_UID, [study(replace(NAMED, issuer="ELSEWHERE", patient_id="PID-2"))], "name another patient"),
        (BY_UID, [study(replace(NAMED, issuer="hosp"))], "[[issuer]] table"),
        (replace(BY_UID, patient_ids=()), [study()], "name another patient"),
        (BY_UID, [study(replace(NAMED, accession="ACC-2"))], "another accession number"),
        (replace(BY_UID, studies=("1.2.3", "1.2.4")), [study()], "several studies"),
        (BY_NUMBER, [study(), study(replace(NAMED, study="9"))], "several studies"),
        (BY_UID, [study(NAMED, "its objects name different patients")], "different patients"),
        # D-072: a wildcard is a character; D-074: a twin is another; D-075, D-078 stand above.
        *((BY_UID, [study(replace(NAMED, patient_id=each))], "another patient") for each in ODD_IDS),
    ],
)
def test_what_does_not_fit_goes_to_a_person(order: Ordered, found: list[Study], why: str) -> None:
    said = match(order, found, ISSUERS)
    assert isinstance(said, Unmatched)
    assert why in said.reason
    assert not any(each in said.reason for each in ("PID", "ACC", "999", "1.2"))


def test_a_study_named_twice_is_one() -> None:
    assert wanted(replace(BY_UID, studies=("1.2.3", "1.2.3"))) == ("1.2.3",)


ADA = replace(BY_UID, person=Person(name_words("Ada Müller"), "20200103"))


def shown(name: str, born: str) -> Study:
    header = {"PatientName": name, "PatientBirthDate": born}
    held = ImageObject("1", "2", "3", "4", NAMED, "d", "f", 1, AT, "import", header)
    return replace(study(), objects=(held,))


@pytest.mark.parametrize(
    ("name", "born", "fits"),
    [
        ("MULLER^ADA", "20200103", True),
        ("Smith^Joan", "20200103", True),
        ("Müller^Joan", "19800101", True),
        ("Ada", "19800101", True),
        ("", "19800101", True),
        ("Smith^Joan", "", True),
        ("Smith^Joan", "19800101", False),
        ("Yamada^Tarou=山田^太郎", "19800101", False),
    ],
)
def test_d077_a_number_with_another_s_name_and_day_of_birth(name: str, born: str, fits: bool) -> None:
    """One of the two may differ."""
    said = match(ADA, [shown(name, born)], ISSUERS)
    if fits:
        assert isinstance(said, Study)
        return
    assert isinstance(said, Unmatched)
    assert said.reason.startswith("the images name the order's patient by number, and by name")
    nobody = replace(BY_UID, person=Person())
    assert isinstance(match(nobody, [shown(name, born)], ISSUERS), Study)
