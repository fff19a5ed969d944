"""Who it is about: identity before everything (H-062 to H-066, H-085, H-093)."""

from __future__ import annotations

import pytest

from server.hl7v2.link import Bare
from tests.hl7v2.mapping.telling import MRN, PID, one, told

A08, A40 = "ADT^A08^ADT_A01", "ADT^A40^ADT_A39"
OURS = "https://hospital.example/bare"


@pytest.mark.parametrize(
    ("numbers", "doubts"),
    [
        ("123^^^HOSP^MR", ()),
        ("123^^^HOSP^MR~99^^^ELSE^PI", ()),
        ("123^^^HOSP^MR~5^^^HOSP^AN", ()),
        ("123^^^HOSP^MR~123^^^HOSP^MR", ()),
        ("123^^^HOSP^MR~77", ()),
        ("", ("no patient id PID-3",)),
        ("123", ("patient id without an assigning authority PID-3",)),
        ("123^^^^MR", ("patient id without an assigning authority PID-3",)),
        ("5^^^HOSP^SS", ("no patient id that tells who it is PID-3",)),
        ("1^^^HOSP^MR~2^^^HOSP^MR", ("several patient ids of one authority PID-3",)),
    ],
)
def test_numbers_that_do_not_tell_who_it_is_are_doubted(numbers: str, doubts: tuple[str, ...]) -> None:
    assert told(f"PID|1||{numbers}||DOE^JANE", A08).doubts == doubts


def test_a_bare_number_is_the_links_where_it_says_so() -> None:
    found = told("PID|1||123||DOE", A08, bare_patient_ids=Bare.OURS, patient_system=OURS)
    assert (found.doubts, one(found, "Patient").identifiers) == ((), ((OURS, "123"),))


def test_a_bare_number_is_nobodys_where_it_does_not() -> None:
    found = told("PID|1||123||DOE", A08, patient_system=OURS)
    assert one(found, "Patient").identifiers == ()
    assert found.doubts


def test_an_account_and_a_second_number_field_do_not_tell_who_it_is() -> None:
    found = one(told("PID|1|9^^^EHR|1^^^HOSP^MR~2^^^HOSP^AN|8||DOE", A08), "Patient")
    assert found.identifiers == ((MRN, "1"),)
    assert [each["value"] for each in found.resource["identifier"]] == ["1", "2", "9", "8"]


def test_adt_speaks_of_the_patient_and_a_result_does_not() -> None:
    assert "name" in one(told(PID, A08), "Patient").owned
    assert one(told(f"{PID}\nOBR|1||F1|C^N^LN", "ORU^R01"), "Patient").owned == ()


def test_null_deletes_only_what_the_link_names() -> None:
    line = 'PID|1||123^^^HOSP^MR||DOE||""|""|||""||""|555'
    found = told(line, A08, null_deletes=frozenset({"PID-11", "PID-13"}))
    draft = one(found, "Patient")
    assert draft.cleared == ("address",), "PID-14 has a new telecom"
    assert {"birthDate", "gender", "address"} & set(draft.resource) == set()
    assert {"null not acted upon PID-7", "null not acted upon PID-8"} <= set(found.notes)


def test_a_date_that_is_none_leaves_the_patient_standing() -> None:
    found = told("PID|1||123^^^HOSP^MR||DOE||00000000|X", A08)
    assert "birthDate" not in one(found, "Patient").resource
    assert {"no date or time, left out PID-7", "code not known PID-8"} <= set(found.notes)


@pytest.mark.parametrize(
    ("mrg", "loser", "doubts"),
    [
        ("9^^^HOSP^MR", ((MRN, "9"),), ()),
        ("9^^^HOSP^MR~8^^^EHR", ((MRN, "9"), ("https://hospital.example/orders", "8")), ()),
        ("123^^^HOSP^MR", ((MRN, "123"),), ("a patient is merged into itself MRG-1",)),
        ("9", None, ("no prior patient id with an authority MRG-1",)),
        ("", None, ("no prior patient id with an authority MRG-1",)),
    ],
)
def test_a_merge_names_who_dies(
    mrg: str, loser: tuple[tuple[str, str], ...] | None, doubts: tuple[str, ...]
) -> None:
    found = told(f"{PID}\nMRG|{mrg}", A40)
    assert (tuple(each.loser for each in found.merges), found.doubts) == ((loser,) if loser else (), doubts)


def test_each_merge_is_into_the_patient_before_it() -> None:
    found = told(f"{PID}\nMRG|9^^^HOSP^MR\nPID|2||456^^^HOSP^MR||ROE\nMRG|8^^^HOSP^MR", A40)
    assert [(each.patient, each.survivor[0][1], each.loser[0][1]) for each in found.merges] == [
        ("patient", "123", "9"),
        ("patient-2", "456", "8"),
    ]


def test_another_number_for_one_record_is_no_merge() -> None:
    (found,) = told(f"{PID}\nMRG|9^^^HOSP^MR", "ADT^A47^ADT_A30").merges
    assert found.kind == "change-id"


def test_a_message_without_a_patient_is_doubted() -> None:
    assert told("OBR|1||F1|C^N^LN").doubts == ("no patient PID",)
