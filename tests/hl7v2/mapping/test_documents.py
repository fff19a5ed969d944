"""Documents: a first opinion by another way."""

from __future__ import annotations

import pytest

from tests.hl7v2.mapping.telling import PID, line, one, resource, told

T02 = "MDM^T02^MDM_T02"
DOCUMENTS = "https://second-reader.example/hl7v2/link/hospital/document"
OBX = "OBX|1|TX|18748-4^Study^LN||Words.||||||F"


def written(status: str = "AU", availability: str = "AV", more: str = "") -> str:
    signed = {17: status, 19: availability, 22: more}
    return line("TXA", {1: "1", 2: "DI^Image^L", 4: "20260105", 12: "U1", **signed})


def test_a_document_is_a_report_and_a_reference() -> None:
    found = told(f"{PID}\nORC|RE|P1^EHR|F1\nOBR|1|P1^EHR|F1|C^N^LN\n{written()}\n{OBX}", T02)
    report, document = resource(found, "DiagnosticReport"), resource(found, "DocumentReference")
    assert (report["status"], report["conclusion"]) == ("final", "Words.")
    assert report["basedOn"] == [{"reference": "draft:order-1"}]
    assert document["content"][0]["attachment"] == report["presentedForm"][0]
    for type_ in ("DiagnosticReport", "DocumentReference"):
        assert one(found, type_).identifiers == ((DOCUMENTS, "U1"),)
    (order,) = found.orders
    assert (order.order, order.report) == ("order-1", "report-1")


@pytest.mark.parametrize(
    ("status", "availability", "becomes"),
    [
        ("AU", "AV", "final"), ("LA", "AV", "final"), ("PA", "AV", "preliminary"),
        ("DO", "AV", "preliminary"),
        ("IP", "", "preliminary"), ("", "AV", "unknown"), ("AU", "CA", "entered-in-error"),
        ("AU", "OB", "entered-in-error"),
    ],
)  # fmt: skip
def test_an_authenticated_document_is_signed(status: str, availability: str, becomes: str) -> None:
    found = told(f"{PID}\n{written(status, availability)}\n{OBX}", T02)
    assert resource(found, "DiagnosticReport")["status"] == becomes


def test_who_authenticated_it_signed_it_then() -> None:
    person = f"77^DOC^ANNA{'^' * 12}202601051100+0100"
    found = told(f"{PID}\n{written(more=person)}\n{OBX}", T02)
    report = resource(found, "DiagnosticReport")
    assert report["resultsInterpreter"][0]["reference"] == "draft:role-1"
    assert report["issued"] == "2026-01-05T11:00:00+01:00"


def test_before_2_6_the_document_itself_names_its_order() -> None:
    txa = line("TXA", {1: "1", 2: "DI", 12: "U1", 14: "P1^EHR", 15: "F1", 17: "AU"})
    found = told(f"{PID}\n{txa}\n{OBX}", T02)
    (order,) = found.orders
    assert (order.placer, order.filler[0][1]) == ((("https://hospital.example/orders", "P1"),), "F1")
    assert resource(found, "DiagnosticReport")["basedOn"] == [{"reference": "draft:order-1"}]


def test_a_document_without_an_order_is_a_report_all_the_same() -> None:
    found = told(f"{PID}\n{written()}\n{OBX}", T02)
    assert [(each.order, each.report) for each in found.orders] == [(None, "report-1")]


def test_a_document_without_content_is_no_reference() -> None:
    found = told(f"{PID}\n{written()}", T02)
    assert [each.type for each in found.drafts] == ["Patient", "DiagnosticReport"]
    assert "document without content OBX-5" in found.notes
