"""People and organisations: known by number."""

from __future__ import annotations

from typing import Any

from server.hl7v2.mapping.convert import people
from server.hl7v2.mapping.making import Making
from tests.hl7v2.mapping.convert.values import made
from tests.hl7v2.mapping.full import repetition
from tests.hl7v2.mapping.telling import LINK, NOW

OURS = "https://second-reader.example/hl7v2/link/hospital"


def test_an_npi_is_an_npi_whoever_sends_it() -> None:
    making = Making(LINK, NOW)
    found = people.practitioner(repetition("1234567893^WHO^ANNA^^^DR^^^X^^^^NPI"), making, "OBR-16")
    (draft,) = making.drafts
    assert found == {"reference": "draft:practitioner-1", "display": "DR ANNA WHO"}
    assert draft.identifiers == (("http://hl7.org/fhir/sid/us-npi", "1234567893"),)


def test_a_name_alone_is_a_display_and_no_resource() -> None:
    found, notes = made(people.practitioner, "^WHO^ANNA")
    assert found == {"type": "Practitioner", "display": "ANNA WHO"}
    assert notes == ("person without a number ZZZ-1",)


def test_one_person_is_one_draft_however_often_named() -> None:
    making = Making(LINK, NOW)
    first, second, other = (
        people.practitioner(repetition(each), making, "OBX-16") for each in ("7^A", "7^A", "8^A")
    )
    assert first == second != other
    assert [each.name for each in making.drafts] == ["practitioner-1", "practitioner-2"]


def _reader(written: str) -> tuple[Any, tuple[str, ...]]:
    making = Making(LINK, NOW)
    people.reader(repetition(written), making, "OBR-32")
    return making.drafts[0].resource, making.notes


def test_a_reader_comes_as_ndl_or_as_xcn() -> None:
    right, no_notes = _reader("7&WHO&ANNA&&&DR^20200101")
    wrong, notes = _reader("7^WHO^ANNA^^^DR")
    assert right == wrong
    assert (no_notes, notes) == ((), ("XCN where an NDL belongs OBR-32",))


def test_a_number_alone_is_a_reader_too() -> None:
    assert _reader("7^20200101120000")[0]["identifier"] == [{"system": f"{OURS}/provider", "value": "7"}]


def test_an_organisation_by_name_is_known_at_its_sender() -> None:
    making = Making(LINK, NOW)
    people.organization(repetition("Radiology"), making, "OBX-23")
    people.organization(repetition("Radiology^L^7^^^HOSP&1.2.3&ISO^XX"), making, "OBX-23")
    assert [each.identifiers[0] for each in making.drafts] == [
        (f"{OURS}/organization", "Radiology"),
        ("https://hospital.example/mrn", "7"),
    ]


def test_a_role_is_the_same_for_the_same_two() -> None:
    def made_role(home: str) -> Any:
        making = Making(LINK, NOW)
        who = people.practitioner(repetition("7^WHO"), making, "OBR-32")
        where = people.organization(repetition(home), making, "OBX-23")
        assert who is not None
        people.role(who, where, making)
        return making.drafts[-1].identifiers

    assert made_role("A") == made_role("A") != made_role("B")
