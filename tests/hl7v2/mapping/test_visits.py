"""Visits: by number (H-102, H-103)."""

from __future__ import annotations

import pytest

from tests.hl7v2.mapping.telling import PID, one, resource, told

PV1 = f"PV1|1|{{}}|W^1^2{'|' * 16}{{}}"


@pytest.mark.parametrize(
    ("event", "kind", "status", "owned"),
    [
        ("A01", "I", "in-progress", True), ("A03", "I", "finished", True), ("A04", "O", "planned", True),
        ("A08", "I", "in-progress", False), ("A11", "I", "cancelled", True),
        ("A13", "I", "in-progress", True),
        ("A08", "P", "planned", False), ("A08", "?", "unknown", False),
    ],
)  # fmt: skip
def test_the_event_says_where_a_visit_stands(event: str, kind: str, status: str, owned: bool) -> None:
    draft = one(told(f"{PID}\n{PV1.format(kind, 'V1^^^HOSP')}", f"ADT^{event}"), "Encounter")
    assert (draft.resource["status"], "status" in draft.owned) == (status, owned)


def test_a_visit_with_an_end_is_finished() -> None:
    found = one(told(f"{PID}\n{PV1.format('I', 'V1')}{'|' * 26}20260105", "ADT^A08"), "Encounter")
    assert (found.resource["status"], found.resource["period"]) == ("finished", {"end": "2026-01-05"})


def test_another_number_is_another_visit_and_none_is_none() -> None:
    first, second = (
        one(told(f"{PID}\n{PV1.format('I', each)}", "ADT^A01"), "Encounter") for each in ("V1", "V2")
    )
    assert set(first.identifiers).isdisjoint(second.identifiers)
    found = told(f"{PID}\n{PV1.format('I', '')}", "ADT^A01")
    assert [each.type for each in found.drafts] == ["Patient"]
    assert "visit without a number, left out PV1-19" in found.notes


def test_an_order_and_its_result_point_to_the_visit_and_do_not_change_it() -> None:
    found = told(f"{PID}\n{PV1.format('I', 'V1')}\nOBR|1|P1^EHR|F1|C^N^LN\nOBX|1|NM|1^X^LN||7||||||F")
    assert one(found, "Encounter").owned == ()
    for type_ in ("ServiceRequest", "DiagnosticReport", "Observation"):
        assert resource(found, type_)["encounter"] == {"reference": "draft:visit"}
