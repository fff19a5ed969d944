"""OBX-5 and OBX-6."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from server.hl7v2.link import LocalCode, Meaning
from tests.hl7v2.mapping.telling import PID, one, resource, told

UCUM = "http://unitsofmeasure.org"


def observed(obx: str, **changes: Any) -> dict[str, Any]:
    return resource(told(f"{PID}\nOBR|1||F1|C^N^LN\nOBX|1|{obx}", **changes), "Observation")


def test_a_unit_counts_where_its_system_is_said() -> None:
    assert observed("NM|1-1^X^LN||7.10|mg/dL^^UCUM|||||F")["valueQuantity"] == {
        "value": Decimal("7.10"), "unit": "mg/dL", "system": UCUM, "code": "mg/dL",
    }  # fmt: skip


def test_a_unit_without_a_system_is_words() -> None:
    quantity = observed("NM|1-1^X^LN||7|mg/dL|||||F")["valueQuantity"]
    assert (quantity["unit"], "code" in quantity, "system" in quantity) == ("mg/dL", False, False)


def test_the_link_says_what_a_local_unit_is() -> None:
    meaning = Meaning(LocalCode("giga.l-1", ""), UCUM, "10*9/L")
    quantity = observed("NM|1-1^X^LN||7|giga.l-1|||||F", meanings=(meaning,))["valueQuantity"]
    assert (quantity["system"], quantity["code"], quantity["unit"]) == (UCUM, "10*9/L", "giga.l-1")


@pytest.mark.parametrize(
    ("obx", "element", "value"),
    [
        ("ST|1-1^X^LN||a~b||||||F", "valueString", "a\nb"),
        ("ST|1-1^X^LN||3^4||||||F", "valueString", "3^4"),
        ("CWE|1-1^X^LN||^Text||||||F", "valueCodeableConcept", {"text": "Text"}),
        ("DT|1-1^X^LN||20200101||||||F", "valueDateTime", "2020-01-01"),
        ("TM|1-1^X^LN||0830||||||F", "valueTime", "08:30:00"),
        ("QQ|1-1^X^LN||what^ever||||||F", "valueString", "what^ever"),
        ("NM|1-1^X^LN||1~2||||||F", "valueString", "1\n2"),
    ],
)
def test_a_value_is_what_its_type_says(obx: str, element: str, value: Any) -> None:
    assert observed(obx)[element] == value


def test_several_codes_are_components() -> None:
    found = observed("CWE|1-1^X^LN||1^A^SCT~2^B^SCT||||||F")
    assert [each["valueCodeableConcept"]["coding"][0]["code"] for each in found["component"]] == ["1", "2"]


def test_a_value_that_cannot_be_read_is_left_out_and_said() -> None:
    found = told(f"{PID}\nOBR|1||F1|C^N^LN\nOBX|1|NM|1-1^X^LN||7,1||||||F")
    assert not any(key.startswith("value") for key in resource(found, "Observation"))
    assert "no number, left out OBX-5" in found.notes


def test_a_file_is_an_attachment_of_the_report() -> None:
    found = told(f"{PID}\nOBR|1||F1|C^N^LN\nOBX|1|ED|1-1^X^LN||A^AP^PDF^Base64^QUJD||||||F")
    assert resource(found, "DiagnosticReport")["presentedForm"] == [
        {"contentType": "application/pdf", "data": "QUJD"}
    ]
    assert "valueAttachment" in one(found, "Observation").resource["extension"][0]
