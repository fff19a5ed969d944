"""Codes: with their system where one is said, and never with another."""

from __future__ import annotations

import pytest

from server.hl7v2.link import LocalCode, Meaning
from server.hl7v2.mapping.concepts.orders import VISIT_CLASS
from server.hl7v2.mapping.concepts.people import GENDER
from server.hl7v2.mapping.concepts.results import INTERPRETATION
from server.hl7v2.mapping.convert import codes
from tests.hl7v2.mapping.convert.values import made

OURS = "https://second-reader.example/hl7v2/link/hospital/code-system"


@pytest.mark.parametrize(
    ("name", "url", "notes"),
    [
        ("LN", "http://loinc.org", ()),
        ("SCT", "http://snomed.info/sct", ()),
        ("UCUM", "http://unitsofmeasure.org", ()),
        ("I10", "http://hl7.org/fhir/sid/icd-10", ()),
        ("I9C", "http://hl7.org/fhir/sid/icd-9-cm", ()),
        ("C4", "http://www.ama-assn.org/go/cpt", ()),
        ("HL70078", "http://terminology.hl7.org/CodeSystem/v2-0078", ()),
        ("2.16.840.1.113883.6.1", "http://loinc.org", ()),
        ("1.2.3.4.5", "urn:oid:1.2.3.4.5", ()),
        ("L", f"{OURS}/L", ()),
        ("99RIS", f"{OURS}/99RIS", ()),
        ("Our codes/2", f"{OURS}/Our%20codes%2F2", ("coding system not known ZZZ-1",)),
    ],
)
def test_a_coding_system_has_its_url(name: str, url: str, notes: tuple[str, ...]) -> None:
    assert made(codes.concept, f"1^One^{name}") == (
        {"coding": [{"system": url, "code": "1", "display": "One"}]},
        notes,
    )


def test_a_code_without_a_system_keeps_none() -> None:
    found, notes = made(codes.concept, "1^One")
    assert found == {"coding": [{"code": "1", "display": "One"}]}
    assert notes == ("no coding system ZZZ-1",)


def test_the_oid_of_a_system_counts_where_its_name_is_nobodys() -> None:
    found, _ = made(codes.coding, f"1^One^LOCAL{'^' * 11}2.16.840.1.113883.6.1")
    assert found["system"] == "http://loinc.org"


def test_what_a_local_code_means_stands_before_it() -> None:
    meaning = Meaning(LocalCode("PNE", "99RIS"), "http://snomed.info/sct", "233604007", "Pneumonia")
    found, _ = made(codes.concept, "PNE^Pneu^99RIS^X^Ex^L", meanings=(meaning,))
    assert [(each["system"], each["code"]) for each in found["coding"]] == [
        ("http://snomed.info/sct", "233604007"),
        (f"{OURS}/99RIS", "PNE"),
        (f"{OURS}/L", "X"),
    ]


def test_a_text_without_a_code_is_a_text() -> None:
    assert made(codes.concept, "^Chest pain") == ({"text": "Chest pain"}, ())
    assert made(codes.concept, "") == (None, ())


def test_a_code_has_no_needless_blanks() -> None:
    assert made(codes.concept, " A  B ^x^L")[0]["coding"][0]["code"] == "A B"


def test_a_code_that_the_table_lacks_is_left_out_with_a_note() -> None:
    assert made(codes.mapped(GENDER), "F") == ("female", ())
    assert made(codes.mapped(GENDER), "X") == (None, ("code not known ZZZ-1",))


def test_a_table_that_fhir_has_no_word_for_keeps_its_own() -> None:
    assert made(codes.tabled(INTERPRETATION), "AC^^HL70078")[0] == {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0078", "code": "AC"}]
    }
    assert VISIT_CLASS.coding("R") == {"system": "http://terminology.hl7.org/CodeSystem/v2-0004", "code": "R"}


def test_a_code_of_another_system_is_not_taken_for_the_tables() -> None:
    found, _ = made(codes.tabled(INTERPRETATION), "H^Hoch^99RIS")
    assert found["coding"] == [{"system": f"{OURS}/99RIS", "code": "H", "display": "Hoch"}]


def test_yes_and_no() -> None:
    assert [made(codes.flag, each)[0] for each in ("Y", "n", "", "?")] == [True, False, None, None]
    assert made(codes.flag, "?")[1] == ("neither Y nor N, left out ZZZ-1",)


def test_one_code_is_one_coding_however_often_sent() -> None:
    meaning = Meaning(LocalCode("PNE", "99RIS"), "http://snomed.info/sct", "233604007")
    found, _ = made(codes.concept, "PNE^Pneu^99RIS^233604007^Pneumonia^SCT", meanings=(meaning,))
    assert [each["code"] for each in found["coding"]] == ["233604007", "PNE"]
