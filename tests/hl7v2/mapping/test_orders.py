"""Orders: numbers, state, what is asked."""

from __future__ import annotations

import pytest

from server.fhir.worklist import STATION
from server.hl7v2.link import Asked, LocalCode
from server.hl7v2.mapping.tables.order import AE_TITLE
from tests.hl7v2.mapping.telling import PID, one, resource, told

ORM, OMI = "ORM^O01^ORM_O01", "OMI^O23^OMI_O23"
OBR = "OBR|1|P1^EHR||24725-4^CT Head^LN"


@pytest.mark.parametrize(
    ("control", "state", "status"),
    [
        ("NW", "", "active"), ("CA", "", "active"), ("OC", "", "revoked"), ("DC", "", "revoked"),
        ("HD", "", "active"),
        ("OH", "", "on-hold"), ("XO", "", "active"), ("SC", "CM", "completed"), ("NW", "CA", "revoked"),
        ("SC", "ER", "entered-in-error"), ("SN", "", "active"), ("", "", "active"),
    ],
)  # fmt: skip
def test_an_order_stands_where_its_state_or_control_says(control: str, state: str, status: str) -> None:
    found = told(f"{PID}\nORC|{control}|P1^EHR|||{state}\n{OBR}", ORM)
    assert (resource(found, "ServiceRequest")["status"], found.orders[0].control) == (status, control)
    assert "status" in one(found, "ServiceRequest").owned


def test_a_result_says_nothing_of_the_order_but_where_it_stands() -> None:
    assert one(told(f"{PID}\nORC|RE|P1^EHR|||CM\n{OBR}"), "ServiceRequest").owned == ("status",)
    assert one(told(f"{PID}\nORC|RE|P1^EHR\n{OBR}"), "ServiceRequest").owned == ()


def test_an_order_that_only_its_final_result_names_is_done() -> None:
    final = one(told(f"{PID}\n{OBR}{'|' * 21}F"), "ServiceRequest")
    pending = one(told(f"{PID}\n{OBR}{'|' * 21}P"), "ServiceRequest")
    assert (final.resource["status"], pending.resource["status"]) == ("completed", "active")


def test_a_result_without_numbers_names_no_order() -> None:
    found = told(f"{PID}\nOBR|1|||C^N^LN")
    assert found.orders[0].order is None
    assert "basedOn" not in resource(found, "DiagnosticReport")


def test_orc_and_obr_must_name_one_order() -> None:
    assert told(f"{PID}\nORC|NW|P1^EHR\n{OBR}", ORM).doubts == ()
    assert told(f"{PID}\nORC|NW|P2^EHR\n{OBR}", ORM).doubts == ("ORC and OBR name different orders OBR-2",)


def test_images_are_named_by_ipc() -> None:
    found = told(f"{PID}\nORC|NW|P1^EHR\n{OBR}\nIPC|A7^RIS|RP|1.2.3^RIS|SPS|CT^^DCM||||CT1", OMI)
    (order,) = found.orders
    assert order.accessions == (("https://second-reader.example/hl7v2/link/hospital/accession", "A7"),)
    assert order.studies == ("1.2.3",)
    assert AE_TITLE == STATION
    whole = resource(found, "ServiceRequest")
    assert whole["orderDetail"][0]["coding"][0]["system"] == "http://dicom.nema.org/resources/ontology/DCM"
    assert whole["performer"] == [{"identifier": {"system": STATION, "value": "CT1"}}]
    assert whole["category"][0]["coding"][0]["code"] == "363679005"
    assert [each["type"]["coding"][0]["code"] for each in whole["identifier"] if "type" in each] == [
        "PLAC",
        "ACSN",
    ]


def test_one_zds_is_for_all_orders_and_several_each_for_its_own() -> None:
    two = [f"ORC|NW|P{at}^EHR\nOBR|{at}|P{at}^EHR||C^N^LN" for at in (1, 2)]
    shared = told("\n".join((PID, *two, "ZDS|1.2.3^X")), ORM)
    assert [each.studies for each in shared.orders] == [("1.2.3",), ("1.2.3",)]
    own = told("\n".join((PID, two[0], "ZDS|1.2.3^X", two[1], "ZDS|1.2.4^X")), ORM)
    assert [each.studies for each in own.orders] == [("1.2.3",), ("1.2.4",)]


def test_what_is_no_uid_names_no_study() -> None:
    found = told(f"{PID}\n{OBR}\nZDS|1.2.03^X", ORM)
    assert found.orders[0].studies == ()
    assert "no study UID, left out ZDS-1" in found.notes


@pytest.mark.parametrize(
    ("code", "question"),
    [
        ("XR1^X^99RIS", "chest"),
        ("A^B^L^XR1^X^99RIS", "chest"),
        ("XR1^X", None),
        ("XR1^X^LN", None),
        ("", None),
    ],
)
def test_a_question_is_asked_by_code_and_system(code: str, question: str | None) -> None:
    asks = (Asked("chest", (LocalCode("XR1", "99RIS"),)),)
    assert told(f"{PID}\nOBR|1|P1||{code}", ORM, asks=asks).orders[0].question == question


def test_details_need_a_code() -> None:
    found = told(f"{PID}\nORC|NW|P1^EHR\nOBR|1|P1^EHR{'|' * 44}D^Detail^L", ORM)
    assert "orderDetail" not in resource(found, "ServiceRequest")
    assert "details without a code, left out OBR-4" in found.notes


def test_remarks_reasons_specimens_and_answers_come_with_it() -> None:
    found = told(
        f"{PID}\nORC|NW|P1^EHR\n{OBR}\nNTE|1||Please~today\nDG1|1||J18.9^Pneumonia^I10\n"
        "OBX|1|NM|3141-9^Weight^LN||70|kg^^UCUM|||||O\nSPM|1|S1&EHR||BLD^Blood^L",
        "OML^O21^OML_O21",
    )
    whole = resource(found, "ServiceRequest")
    assert whole["note"] == [{"text": "Please\ntoday"}]
    assert whole["reasonCode"][0]["coding"][0]["code"] == "J18.9"
    assert whole["specimen"] == [{"reference": "draft:specimen-1-1"}]
    assert whole["supportingInfo"] == [{"reference": "draft:information-1-1"}]


def test_who_orders_acts_for_the_facility_that_does() -> None:
    orc = f"ORC|NW|P1^EHR{'|' * 10}7^WHO^ANNA{'|' * 9}Ward 3"
    found = told(f"{PID}\n{orc}\n{OBR}", ORM)
    assert resource(found, "ServiceRequest")["requester"] == {
        "reference": "draft:role-1",
        "display": "ANNA WHO",
    }


def test_one_order_with_several_results_is_one_order() -> None:
    found = told(f"{PID}\nOBR|1|P1^EHR|F1|A^A^L\nOBR|2|P1^EHR|F2|B^B^L")
    assert [each.order for each in found.orders] == ["order-1", "order-1"]
    assert len(one(found, "ServiceRequest").identifiers) == 3
    reports = [each for each in found.drafts if each.type == "DiagnosticReport"]
    assert [each.resource["basedOn"] for each in reports] == [[{"reference": "draft:order-1"}]] * 2


def test_a_filler_number_of_two_orders_is_neithers() -> None:
    found = told(f"{PID}\nOBR|1|P1^EHR|F1|A^A^L\nOBR|2|P2^EHR|F1|B^B^L")
    requests = [each for each in found.drafts if each.type == "ServiceRequest"]
    assert [[value for _, value in each.identifiers] for each in requests] == [["P1"], ["P2"]]
    assert "F1" not in str(requests)
    assert "filler number of several orders, not used OBR-3" in found.notes


def test_two_orders_of_one_number_are_doubted() -> None:
    found = told(f"{PID}\nORC|NW|P1^EHR\nOBR|1|P1^EHR||A^A^L\nORC|NW|P1^EHR\nOBR|2|P1^EHR||B^B^L", ORM)
    assert found.doubts == ("one number of several orders OBR-2",)
