"""The parts of a story, each kind of message once."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.hl7v2.mapping.telling import MRN, NOW, PID, one, resource, told

ORDERS = "https://hospital.example/orders"
FILLER = "https://second-reader.example/hl7v2/link/hospital/filler"
ORU = f"""{PID}
    ORC|RE|PLC1^EHR|F1||CM
    OBR|1|PLC1^EHR|F1|18748-4^Study^LN|||20260105080000+0100|||||||||||ACC9||||20260105090000+0100||RAD|F|||||||77&DOC&ANNA&&&&&&HOSP
    OBX|1|CWE|19005-8^Impression^LN|1|233604007^Pneumonia^SCT||||||F
    OBX|2|TX|59776-5^Findings^LN|2|First line.||||||F
    OBX|3|TX|59776-5^Findings^LN|2|Second line.||||||F"""


def test_a_report_names_its_order_its_patient_and_who_read_it() -> None:
    found = told(ORU)
    report = resource(found, "DiagnosticReport")
    assert report["status"] == "final"
    assert report["subject"] == {"reference": "draft:patient"}
    assert report["basedOn"] == [{"reference": "draft:order-1"}]
    assert report["resultsInterpreter"][0]["reference"] == "draft:role-1"
    assert report["issued"] == "2026-01-05T09:00:00+01:00"
    assert [each["reference"] for each in report["result"]] == ["draft:result-1-1", "draft:result-1-2"]
    assert one(found, "DiagnosticReport").identifiers == ((FILLER, "F1"),)
    assert found.doubts == ()


def test_coded_impressions_become_conclusion_codes_and_lines_one_text() -> None:
    report = resource(told(ORU), "DiagnosticReport")
    assert [each["coding"][0]["code"] for each in report["conclusionCode"]] == ["233604007"]
    assert report["conclusion"] == "First line.\nSecond line."


def test_an_order_is_told_with_all_its_numbers() -> None:
    (order,) = told(ORU).orders
    assert (order.order, order.report, order.patient) == ("order-1", "report-1", "patient")
    assert order.placer == ((ORDERS, "PLC1"),)
    assert order.filler == ((FILLER, "F1"),)
    assert order.accessions == (("https://second-reader.example/hl7v2/link/hospital/accession", "ACC9"),)


def test_everything_referred_to_comes_first() -> None:
    seen = set[str]()
    for draft in told(ORU).drafts:
        assert _references(draft.resource) <= seen
        seen.add(f"draft:{draft.name}")


def _references(part: object) -> set[str]:
    if isinstance(part, dict):
        own = {part["reference"]} if "reference" in part else set()
        return own.union(*(_references(each) for each in part.values()))
    return set[str]().union(*(_references(each) for each in part)) if isinstance(part, list) else set()


def test_a_merge_names_both() -> None:
    found = told(f"EVN|A40|20260105110000+0100\n{PID}\nMRG|99^^^HOSP^MR", "ADT^A40^ADT_A39")
    (merge,) = found.merges
    assert (merge.survivor, merge.loser) == (((MRN, "123"),), ((MRN, "99"),))
    assert (merge.kind, merge.patient) == ("merge", "patient")
    assert found.happened_at == datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def test_an_order_for_images_names_them() -> None:
    found = told(
        f"{PID}\nORC|NW|PLC1^EHR\nOBR|1|PLC1^EHR||24725-4^CT Head^LN\nZDS|1.2.3.4^EHR^Application^DICOM",
        "ORM^O01",
    )
    (order,) = found.orders
    assert order.studies == ("1.2.3.4",)
    assert {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3.4"} in resource(found, "ServiceRequest")[
        "identifier"
    ]


def test_a_time_that_lies_ahead_does_not_count() -> None:
    found = told(f"EVN|A08|20280105110000\n{PID}", "ADT^A08^ADT_A01")
    assert found.happened_at < NOW
    assert "time is none or lies ahead, not used EVN-2" in found.notes
