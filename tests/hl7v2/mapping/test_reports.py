"""Reports: what locks a read, what is compared, who signed."""

from __future__ import annotations

from typing import Any

import pytest

from server.hl7v2.link import LocalCode, Meaning
from tests.hl7v2.mapping.telling import PID, line, one, resource, told

OURS = "https://second-reader.example/hl7v2/link/hospital"
IMPRESSION, FINDINGS, EFFUSION = (
    "19005-8^Impression^LN",
    "59776-5^Findings^LN",
    "60046008^Pleural effusion^SCT",
)
PRESENT, ABSENT = "52101004^Present^SCT", "2667000^Absent^SCT"


def reported(*obx: str, obr: str = "", status: str = "F", **changes: Any) -> dict[str, Any]:
    head = obr or f"OBR|1|P1^EHR|F1|C^N^LN{'|' * 21}{status}"
    numbered = (f"OBX|{at}|{each}" for at, each in enumerate(obx, 1))
    return resource(told("\n".join((PID, head, *numbered)), **changes), "DiagnosticReport")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("F", "final"), ("C", "corrected"), ("P", "preliminary"), ("R", "partial"), ("A", "partial"),
        ("M", "preliminary"), ("O", "registered"), ("I", "registered"), ("S", "registered"),
        ("N", "registered"),
        ("X", "cancelled"), ("Y", "unknown"), ("Z", "unknown"), ("", "unknown"), ("?", "unknown"),
    ],
)  # fmt: skip
def test_only_f_and_c_are_signed(said: str, status: str) -> None:
    assert reported(status=said)["status"] == status


@pytest.mark.parametrize(
    ("obx", "codes"),
    [
        (f"CWE|{IMPRESSION}||233604007^Pneumonia^SCT||||||F", ["233604007"]),
        ("CE|29308-4^Diagnosis^LN||J18.9^Pneumonia^I10||||||F", ["J18.9"]),
        (f"CWE|{IMPRESSION}||1^A^SCT~2^B^SCT||||||F", ["1", "2"]),
        (f"CWE|{EFFUSION}||{PRESENT}||||||F", ["60046008"]),
        (f"CWE|{EFFUSION}||{ABSENT}||||||F", []),
        (f"CWE|{EFFUSION}||1^Perhaps^SCT||||||F", []),
        (f"CWE|{EFFUSION}||{PRESENT}^{ABSENT}||||||F", []),
        (f"CWE|{EFFUSION}||{PRESENT}~{ABSENT}||||||F", []),
        (f"CWE|1^Effusion^L||{PRESENT}||||||F", []),
        (f"CWE|{IMPRESSION}||233604007^Pneumonia^SCT||||||W", []),
        (f"CWE|{IMPRESSION}||^Only words||||||F", []),
        (f"TX|{IMPRESSION}||233604007^Pneumonia^SCT||||||F", []),
        ("CWE|1-1^Colour^LN||2^Red^SCT||||||F", []),
    ],
)
def test_a_conclusion_is_coded_where_it_was_sent_coded(obx: str, codes: list[str]) -> None:
    found = reported(obx).get("conclusionCode", [])
    assert [each["coding"][0]["code"] for each in found] == codes


def test_the_link_says_which_of_its_codes_is_an_impression_and_what_it_says() -> None:
    meanings = (
        Meaning(LocalCode("IMP", "99RIS"), "http://loinc.org", "19005-8"),
        Meaning(LocalCode("PNE", "99RIS"), "http://snomed.info/sct", "233604007"),
    )
    found = reported("CE|IMP^Beurteilung^99RIS||PNE^Pneumonie^99RIS||||||F", meanings=meanings)
    assert [each["code"] for each in found["conclusionCode"][0]["coding"]] == ["233604007", "PNE"]


def test_a_text_is_kept_and_nothing_is_read_out_of_it() -> None:
    found = reported(
        f"TX|{FINDINGS}||Lungs clear.||||||F",
        f"TX|{IMPRESSION}||No pneumonia.||||||F",
        f"TX|{IMPRESSION}||None.||||||F",
    )
    assert "conclusionCode" not in found
    assert found["conclusion"] == "No pneumonia.\nNone.", "the impression, where one is marked"
    assert len(found["presentedForm"]) == 1


def test_without_an_impression_all_text_is_the_conclusion() -> None:
    found = reported("TX|1^Text^L||One.||||||F", "FT|2^More^L||Two.||||||F", "ST|3^Lab^L||Three||||||F")
    assert found["conclusion"] == "One.\nTwo."


def signed(reader: str) -> str:
    return line("OBR", {1: "1", 2: "P1^EHR", 3: "F1", 4: "C^N^LN", 25: "F", 32: reader})


@pytest.mark.parametrize(
    ("reader", "obx", "home"),
    [
        ("77&DOC&ANNA^^^^^^HOUSE&1.2.9&ISO", "", ("urn:ietf:rfc:3986", "urn:oid:1.2.9")),
        (
            "77&DOC&ANNA",
            f"TX|{FINDINGS}||x||||||F{'|' * 12}Radiology^L",
            (f"{OURS}/organization", "Radiology"),
        ),
        ("77&DOC&ANNA", "", (f"{OURS}/facility", "HOSP")),
    ],
)
def test_who_signed_did_so_for_an_organisation(reader: str, obx: str, home: tuple[str, str]) -> None:
    found = told("\n".join((PID, signed(reader), f"OBX|1|{obx}" if obx else "")))
    assert resource(found, "DiagnosticReport")["resultsInterpreter"][0]["reference"] == "draft:role-1"
    assert one(found, "Organization").identifiers == (home,)
    assert one(found, "Practitioner").identifiers == ((f"{OURS}/provider", "77"),)
    taken = "reader's organisation taken from the sender MSH-4"
    assert (taken in found.notes) is (home[1] == "HOSP")


def test_a_name_without_a_number_signs_as_a_name() -> None:
    found = reported(obr=signed("&DOC&ANNA"))
    assert found["resultsInterpreter"] == [{"type": "Practitioner", "display": "ANNA DOC"}]


def test_a_final_report_with_a_result_that_is_not_is_said() -> None:
    obr = f"OBR|1||F1|C^N^LN{'|' * 21}F"
    found = told(f"{PID}\n{obr}\nOBX|1|NM|1^X^LN||7||||||P")
    assert "final report with results that are not OBX-11" in found.notes


def test_one_filler_number_of_two_reports_is_told_apart_by_what_they_are_of() -> None:
    two = told(f"{PID}\nOBR|1||F1|A^A^L\nOBR|2||F1|B^B^L")
    first, second = (each.identifiers for each in two.drafts if each.type == "DiagnosticReport")
    assert first != second
    again = told(f"{PID}\nOBR|1||F1|B^B^L\nOBR|2||F1|A^A^L")
    assert {first, second} == {each.identifiers for each in again.drafts if each.type == "DiagnosticReport"}
    assert "filler number of several reports OBR-3" in two.notes


def test_specimens_of_a_report_and_the_results_about_them() -> None:
    found = told(
        f"{PID}\nOBR|1||F1|C^N^LN\nOBX|1|NM|1^X^LN||7||||||F\nSPM|1|^S1&LAB||BLD^Blood^L\nOBX|1|NM|2^Y^LN||8||||||F"
    )
    report = resource(found, "DiagnosticReport")
    assert report["specimen"] == [{"reference": "draft:specimen-1-1"}]
    assert [each["reference"] for each in report["result"]] == ["draft:result-1-1", "draft:taken-1-1"]
