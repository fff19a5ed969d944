"""What real messages do to whom, and what they do not mean: from bytes to what stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from server.applying.through import Through
from server.hl7v2.judge import Arrived, Taken, judge
from server.hl7v2.link import Asked, Authority, Link, LocalCode, Named
from server.hl7v2.mapping.story import story
from server.hl7v2.reading import message
from server.messages import Standing
from server.messaging import MessageWorker
from server.wiring import desk
from tests.test_story_images import FILMS, RULES
from tests.world import EHR, POLICY, World, make_world

MRN = "https://hospital.example/mrn"
FILLER = "https://ris.example/filler"
LINK = Link(
    "ris",
    Named("RIS"),
    (),
    authorities=(Authority("HOSP", "1.2.3", MRN), Authority("CENT", "", "https://central.example")),
    filler_system=FILLER,
    order_system=EHR,
    asks=(Asked("bacterial-meningitis", (LocalCode("XRCH", "99RIS"),)),),
)
PNEUMONIA, NORMAL = "233604007^Pneumonia^SCT", "17621005^Normal^SCT"


@dataclass
class Wire:
    world: World
    worker: MessageWorker

    def took(self, kind: str, *segments: str, sent: str = "20260105080000+0000") -> Standing:
        head = f"MSH|^~\\&|RIS|DEMO|SR|X|{sent}||{kind}|{uuid.uuid4().hex[:16]}|P|2.5.1"
        raw = ("\r".join([head, *segments]) + "\r").encode()
        judged = judge(Arrived(raw, self.world.watch(), str(uuid.uuid4())), [LINK])
        assert isinstance(judged, Taken), judged
        self.world.house.inbox.keep(judged.heard)
        while self.worker.once():
            pass
        self.world.run()
        kept = self.world.house.inbox.read(judged.heard.id)
        assert kept is not None
        return kept.standing

    def found(self, type_: str, **query: str) -> list[dict[str, Any]]:
        found = self.world.client.get(f"/fhir/{type_}", query_string=query).get_json()
        return [each["resource"] for each in found.get("entry", [])]


@pytest.fixture
def wire(tmp_path: Path, database_url: str) -> Iterator[Wire]:
    policy = replace(POLICY, images=RULES)
    for world in make_world(tmp_path, card=FILMS, policy=policy, database_url=database_url):
        through = Through(desk(world.house, world.watch), world.watch)
        worker = MessageWorker(
            inbox=world.house.inbox,
            links=lambda: {"ris": LINK},
            read=lambda raw, link, at: story(message(raw, link), link, at),
            shelf=world.house.shelf,
            write=through.write,
            join=through.join,
            now=world.watch,
            attempts=3,
        )
        yield Wire(world, worker)


def pid(numbers: str, name: str = "Tango^Tina", more: str = "", born: str = "20220301") -> str:
    return f"PID|1||{numbers}|{more}|{name}||{born}|F"


def result(numbers: tuple[str, str], code: str, status: str, said: str) -> tuple[str, str, str]:
    placer, filler = numbers
    return (
        f"ORC|RE|{placer}|{filler}",
        f"OBR|1|{placer}|{filler}|{code}|||20260105" + "|" * 15 + f"202601050700+0000||RAD|{status}",
        f"OBX|1|CWE|19005-8^Impression^LN||{said}||||||{status}",
    )


def concluded(report: dict[str, Any]) -> list[str]:
    return [each["coding"][0]["code"] for each in report["conclusionCode"]]


def test_an_account_number_of_one_patient_is_not_the_patient_number_of_another(wire: Wire) -> None:
    wire.took("ADT^A04^ADT_A01", pid("1^^^HOSP^MR~5^^^HOSP^AN", "Alpha^Anna"))
    wire.took("ADT^A08^ADT_A01", pid("5^^^HOSP^MR", "Beta^Bea"))
    [anna] = wire.found("Patient", identifier=f"{MRN}|1")
    assert anna["name"][0]["family"] == "Alpha"


def test_an_alternate_number_in_pid_4_does_not_identify(wire: Wire) -> None:
    wire.took("ADT^A04^ADT_A01", pid("1^^^HOSP^MR", "Alpha^Anna", more="5^^^HOSP^MR"))
    wire.took(
        "ORU^R01^ORU_R01", pid("5^^^HOSP^MR", "Beta^Bea", born=""), *result(("P", "F"), "CT", "F", NORMAL)
    )
    [anna] = wire.found("Patient", identifier=f"{MRN}|1")
    assert wire.found("DiagnosticReport", patient=anna["id"]) == []


def test_a_namespace_with_another_universal_id_is_another_authority(wire: Wire) -> None:
    wire.took("ADT^A04^ADT_A01", pid("7^^^CENT&1.2.3.4&ISO^MR", "Alpha^Anna"))
    wire.took("ADT^A04^ADT_A01", pid("7^^^CENT&9.9.9.9&ISO^MR", "Beta^Bea"))
    assert len(wire.found("Patient")) == 2


def test_the_signed_report_that_was_corrected_does_not_come_back(wire: Wire) -> None:
    """An engine replays the F under a new MSH-10 after the C; its MSH-7 and OBR-22 are the older ones."""
    patient, numbers = pid("1^^^HOSP^MR"), ("P", "F")
    wire.took("ORU^R01^ORU_R01", patient, *result(numbers, "CT", "F", PNEUMONIA))
    wire.took("ORU^R01^ORU_R01", patient, *result(numbers, "CT", "C", NORMAL), sent="20260105083000+0000")
    wire.took("ORU^R01^ORU_R01", patient, *result(numbers, "CT", "F", PNEUMONIA))
    [report] = wire.found("DiagnosticReport")
    assert concluded(report) == ["17621005"]


def test_a_report_that_was_taken_back_is_not_signed_again_by_its_own_older_message(wire: Wire) -> None:
    patient, numbers = pid("1^^^HOSP^MR"), ("P", "F")
    wire.took("ORU^R01^ORU_R01", patient, *result(numbers, "CT", "F", PNEUMONIA))
    wire.took("ORU^R01^ORU_R01", patient, *result(numbers, "CT", "X", PNEUMONIA), sent="20260105083000+0000")
    wire.took("ORU^R01^ORU_R01", patient, *result(numbers, "CT", "F", PNEUMONIA))
    [report] = wire.found("DiagnosticReport")
    assert report["status"] == "cancelled"


@pytest.mark.parametrize(
    "second", [("P", "F2"), ("P2", "F1")], ids=["one placer number", "one filler number"]
)
def test_a_second_report_does_not_overwrite_the_signed_one(wire: Wire, second: tuple[str, str]) -> None:
    patient = pid("1^^^HOSP^MR")
    wire.took("ORU^R01^ORU_R01", patient, *result(("P", "F1"), "CTHEAD^h^99RIS", "F", PNEUMONIA))
    wire.took("ORU^R01^ORU_R01", patient, *result(second, "CTNECK^n^99RIS", "F", NORMAL))
    reports = {each["code"]["coding"][0]["code"]: concluded(each) for each in wire.found("DiagnosticReport")}
    assert reports.get("CTHEAD") == ["233604007"]


def test_a_signed_document_is_behind_the_veil_in_each_of_its_shapes(wire: Wire) -> None:
    patient = pid("1^^^HOSP^MR")
    wire.took("ORM^O01^ORM_O01", patient, "ORC|NW|P", "OBR|1|P||XRCH^x^99RIS")
    assert len(wire.found("Task")) == 1
    wire.took(
        "MDM^T02^MDM_T02",
        patient,
        "PV1|1|O",
        "TXA|1|DS|TX|20260101|||||77^Doc|77^Doc||D82^X||P|||AU",
        f"OBX|1|CWE|19005-8^Impression^LN||{PNEUMONIA}||||||F",
        "OBX|2|TX|19005-8^Impression^LN||the first opinion||||||F",
    )
    assert wire.found("DiagnosticReport") == wire.found("Observation") == []
    assert wire.found("DocumentReference") == []


def test_a_chain_of_merges_in_any_order_ends_with_one_person(wire: Wire) -> None:
    for number in ("A", "B", "C"):
        wire.took("ADT^A04^ADT_A01", pid(f"{number}^^^HOSP^MR"))
    assert wire.took("ADT^A40^ADT_A39", pid("C^^^HOSP^MR"), "MRG|B^^^HOSP^MR") is Standing.APPLIED
    assert wire.took("ADT^A40^ADT_A39", pid("B^^^HOSP^MR"), "MRG|A^^^HOSP^MR") is Standing.APPLIED


def test_a_number_that_was_changed_before_it_was_heard_of_is_the_same_person(wire: Wire) -> None:
    wire.took("ADT^A47^ADT_A30", pid("NEW^^^HOSP^MR"), "MRG|OLD^^^HOSP^MR")
    assert Standing.APPLIED is wire.took(
        "ORU^R01^ORU_R01", pid("OLD^^^HOSP^MR"), *result(("P", "F"), "CT", "F", NORMAL)
    )
    assert len(wire.found("Patient")) == 1


@pytest.mark.parametrize(
    "segments",
    [("ORC|SC|P|||CA", "OBR|1|P||XRCH^x^99RIS"), ("ORC|RP|P", "OBR|1|P||XRCH^x^99RIS")],
    ids=["status changed to cancelled", "replaced"],
)
def test_an_order_that_is_over_opens_no_case(wire: Wire, segments: tuple[str, ...]) -> None:
    wire.took("ORM^O01^ORM_O01", pid("1^^^HOSP^MR"), *segments)
    assert wire.found("Task") == []


def test_a_cancelled_referral_opens_no_case(wire: Wire) -> None:
    wire.took("REF^I14^REF_I12", "RF1|P|R||||R1|20260101", "PRD|RP|Doc^D|||||77", pid("1^^^HOSP^MR"),
              "OBR|1|||XRCH^x^99RIS")  # fmt: skip
    assert wire.found("Task") == []


def test_a_cancellation_of_what_is_not_here_holds_up_no_other_order_of_its_message(wire: Wire) -> None:
    wire.took("ORM^O01^ORM_O01", pid("1^^^HOSP^MR"), "ORC|NW|P1", "OBR|1|P1||XRCH^x^99RIS", "ORC|CA|P2",
              "OBR|1|P2||XRCH^x^99RIS")  # fmt: skip
    assert len(wire.found("Task")) == 1
