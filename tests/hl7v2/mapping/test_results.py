"""Results: known again, joined where they are one, held where they contradict each other."""

from __future__ import annotations

import pytest

from tests.hl7v2.mapping.telling import PID, one, resource, told

OBR = "OBR|1|P1^EHR|F1|C^N^LN"


def known(*obx: str) -> list[tuple[tuple[str, str], ...]]:
    found = told("\n".join((PID, OBR, *obx)))
    return [each.identifiers for each in found.drafts if each.type == "Observation"]


def test_what_is_sent_again_is_known_again() -> None:
    first = known("OBX|1|NM|1-1^X^LN|a|7||||||P", "OBX|2|NM|2-2^Y^LN||1||||||P")
    again = known("OBX|1|NM|2-2^Y^LN||1||||||F", "OBX|2|NM|1-1^X^LN|a|8||||||F|||20260101")
    assert first == again[::-1]
    assert len({each for one_ in first for each in one_}) == 2


def test_code_sub_id_and_order_tell_results_apart() -> None:
    lines = ["1-1^X^LN|a", "1-1^X^LN|b", "1-1^X^L|a", "1-2^X^LN|a"]
    found = known(*(f"OBX|1|NM|{each}|7||||||F" for each in lines))
    assert len(set(found)) == 4
    assert set(found).isdisjoint(
        each.identifiers for each in told(f"{PID}\nOBR|1|P1^EHR|F2|C\nOBX|1|NM|1-1^X^LN|a|7||||||F").drafts
    )


def test_its_own_number_counts_where_it_has_one() -> None:
    assert known("OBX|1|NM|1-1^X^LN||7||||||F||||||||||R1^EHR") == [
        (("https://hospital.example/orders", "R1"),)
    ]


def test_one_code_at_two_times_is_two_results() -> None:
    found = told(
        f"{PID}\n{OBR}\nOBX|1|NM|1-1^X^LN||7||||||F|||202601010800\nOBX|2|NM|1-1^X^LN||8||||||F|||202601010900"
    )
    assert found.doubts == ()
    assert len({each.identifiers for each in found.drafts if each.type == "Observation"}) == 2


@pytest.mark.parametrize(
    ("second", "held"),
    [
        ("NM|1-1^X^LN||8||||||F", True),
        ("NM|1-1^X^LN||7|g|||||F", True),
        ("NM|1-1^X^LN||7||||||F", False),
        ("NM|1-1^X^LN|2|8||||||F", False),
        ("NM|1-1^X^LN||8||||||W", False),
        ("NM|1-1^X^LN||8||||||F||||||||||R1", False),
    ],
)
def test_one_result_with_two_values_is_doubted(second: str, held: bool) -> None:
    found = told(f"{PID}\n{OBR}\nOBX|1|NM|1-1^X^LN||7||||||F\nOBX|2|{second}")
    assert found.doubts == (("one result with different values OBX[2]-5",) if held else ())


def test_a_text_ends_where_another_code_begins() -> None:
    lines = ("1^A^L||a", "1^A^L||", "1^A^L||b~c", "2^B^L||d", "1^A^L||e")
    found = told("\n".join((PID, OBR, *(f"OBX|1|TX|{each}||||||F" for each in lines))))
    texts = [each.resource["valueString"] for each in found.drafts if each.type == "Observation"]
    assert texts == ["a\n\nb\nc", "d", "e"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("F", "final"), ("P", "preliminary"), ("C", "corrected"), ("A", "amended"), ("B", "amended"),
        ("D", "entered-in-error"),
        ("W", "entered-in-error"), ("X", "cancelled"), ("I", "registered"), ("N", "final"), ("O", "final"),
        ("R", "preliminary"),
        ("S", "preliminary"), ("U", "final"), ("V", "final"), ("", "unknown"), ("?", "unknown"),
    ],
)  # fmt: skip
def test_a_result_stands_where_obx_11_says(said: str, status: str) -> None:
    assert (
        resource(told(f"{PID}\n{OBR}\nOBX|1|NM|1-1^X^LN||7||||||{said}"), "Observation")["status"] == status
    )


def test_why_there_is_no_value() -> None:
    asked = resource(told(f"{PID}\n{OBR}\nOBX|1|NM|1-1^X^LN||||||||N"), "Observation")
    assert asked["dataAbsentReason"]["coding"][0]["code"] == "not-asked"
    none = resource(told(f"{PID}\n{OBR}\nOBX|1|NM|1-1^X^LN||||||||X"), "Observation")
    assert none["_status"]["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] == "X"


def test_the_time_of_the_order_is_that_of_its_results() -> None:
    found = told(
        f"{PID}\nOBR|1||F1|C^N^LN|||20260101|20260102\nOBX|1|NM|1^X^LN||7||||||F\nOBX|2|NM|2^Y^LN||7||||||F|||2025"
    )
    first, second = (each.resource for each in found.drafts if each.type == "Observation")
    assert first["effectivePeriod"] == {"start": "2026-01-01", "end": "2026-01-02"}
    assert (second["effectiveDateTime"], "effectivePeriod" in second) == ("2025", False)


def test_a_probability_is_kept_and_nothing_else_is_one() -> None:
    found = resource(told(f"{PID}\n{OBR}\nOBX|1|CWE|1^X^LN||1^Y^L||||0.91||F"), "Observation")
    assert str(found["extension"][0]["valueDecimal"]) == "0.91"
    assert "no probability, left out OBX-9" in told(f"{PID}\n{OBR}\nOBX|1|CWE|1^X^LN||1^Y^L||||91||F").notes


def test_results_without_any_number_are_new_each_time() -> None:
    assert one(told(f"{PID}\nOBR|1|||C\nOBX|1|NM|1^X^LN||7||||||F"), "Observation").identifiers == ()
