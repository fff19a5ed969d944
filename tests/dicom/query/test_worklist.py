"""The worklist over a socket: which orders are on it, what is told of each, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from server.accesses import Doing
from server.dicom.peers import Peers
from server.dicom.query.worklist import alike
from server.fhir.stamp import stamped
from server.fhir.worklist import STATION
from server.store import resources
from tests.dicom.door import NOW
from tests.dicom.query.ward import Ward, dataset, film, laid, told, uid, ward

WORKLIST = "1.2.840.10008.5.1.4.31"
SNOMED = "http://snomed.info/sct"
SECTIONS = "http://terminology.hl7.org/CodeSystem/v2-0074"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"


def category(system: str, code: str) -> list[Any]:
    return [{"coding": [{"system": system, "code": code}]}]


def typed(code: str, value: str) -> dict[str, Any]:
    return {"type": {"coding": [{"system": V2, "code": code}]}, "value": value}


def order(id_: str, accession: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": id_,
        "identifier": [typed("ACSN", accession)] if accession else [],
        "status": "active",
        "intent": "order",
        "category": category(SNOMED, "363679005"),
        "subject": {"reference": "Patient/p1"},
        "occurrenceDateTime": "2026-01-05T10:30:00+01:00",
        **more,
    }


PATIENTS = [
    {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [
            {"system": "urn:other", "value": "X"},
            {"system": "urn:ehr", **typed("MR", "PAT-1")},
        ],
        "name": [{"family": "Weiß", "given": ["Jo", "Ann"]}],
        "birthDate": "2021-03-04",
        "gender": "female",
    },
    {"resourceType": "Patient", "id": "p2", "name": [{"text": "Nobody"}]},
]
ORDERS = [
    order(
        "o1",
        "ACC-1",
        identifier=[
            typed("ACSN", "ACC-1"),
            typed("PLAC", "PLACER-77"),
            {"system": "urn:dicom:uid", "value": f"urn:oid:{uid(50)}"},
        ],
        code={"coding": [{"system": SNOMED, "code": "399208008", "display": "Chest X-ray"}]},
        orderDetail=[{"coding": [{"system": DCM, "code": "DX"}]}],
        performer=[{"identifier": {"system": STATION, "value": "ROOM1"}}],
        priority="stat",
        requester={"display": "Dr Quack"},
        reasonCode=[{"text": "a reason that is nobody's business"}],
    ),
    order("o2", "ACC-2", occurrenceDateTime="2026-01-07", category=category(SECTIONS, "RAD")),
    order("laboratory", "ACC-3", category=category(SNOMED, "108252007")),
    order("done", "ACC-4", status="completed"),
    order("planned", "ACC-5", intent="plan"),
    order("never", "ACC-6", doNotPerform=True),
    order("unnamed", ""),
    order("nobody", "ACC-7", subject={"reference": "Patient/p2"}),
]  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Ward]:
    with ward(tmp_path, Peers(issuers={"HOSPITAL": "urn:ehr"})) as made:
        written = [stamped(each, each["id"], 1, NOW) for each in (*PATIENTS, *ORDERS)]
        made.database.write(lambda connection: resources.apply(connection, written, None))
        yield made


def ask(
    house: Ward, calling: str = "ROOM2", step: dict[str, Any] | None = None, **keys: Any
) -> tuple[Any, Any]:
    asked = dataset(AccessionNumber="", **keys)
    asked.ScheduledProcedureStepSequence = [dataset(**(step or {}))]
    with house.associated(WORKLIST, calling=calling) as peer:
        answers = list(peer.send_c_find(asked, WORKLIST))
    return [found for _, found in answers if found], [int(status.Status) for status, _ in answers]


def numbers(found: list[Dataset]) -> list[str]:
    return told(found, "AccessionNumber")


def test_open_orders_for_images_are_listed(house: Ward) -> None:
    found, statuses = ask(house)
    assert numbers(found) == ["ACC-1", "ACC-2"]
    assert statuses == [0xFF00, 0xFF00, 0]
    last = laid(house)[-1]
    assert (last.doing, last.type) == (Doing.SEARCH, "ServiceRequest")
    assert last.what == ("ServiceRequest/o1/_history/1", "ServiceRequest/o2/_history/1")
    assert last.query.endswith("?AccessionNumber=")


def test_what_is_told_of_an_order(house: Ward) -> None:
    keys = dict.fromkeys(
        ("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex",
         "StudyInstanceUID", "RequestedProcedureID", "RequestedProcedureDescription",
         "RequestedProcedurePriority",
         "PlacerOrderNumberImagingServiceRequest", "RequestingPhysician"), "",
    )  # fmt: skip
    step = dict.fromkeys(
        ("Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate",
         "ScheduledProcedureStepStartTime", "ScheduledProcedureStepID"), "",
    )  # fmt: skip
    (found, other), _ = ask(house, RequestedProcedureCodeSequence=[], step=step, **keys)
    assert str(found.PatientName) == "Weiß^Jo^Ann"
    assert (found.PatientID, found.IssuerOfPatientID) == ("PAT-1", "HOSPITAL")
    assert (found.PatientBirthDate, found.PatientSex) == ("20210304", "F")
    assert (found.StudyInstanceUID, found.RequestedProcedureID) == (uid(50), "PLACER-77")
    assert found.RequestedProcedureDescription == "Chest X-ray"
    assert (found.RequestedProcedurePriority, found.RequestingPhysician) == ("STAT", "Dr Quack")
    assert found.PlacerOrderNumberImagingServiceRequest == "PLACER-77"
    (code,) = found.RequestedProcedureCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("399208008", "SCT")
    (step_told,) = found.ScheduledProcedureStepSequence
    assert (step_told.Modality, step_told.ScheduledStationAETitle) == ("DX", "ROOM1")
    assert step_told.ScheduledProcedureStepStartDate == "20260105"
    assert step_told.ScheduledProcedureStepStartTime == "103000"
    assert step_told.ScheduledProcedureStepID == "1"
    (step_told,) = other.ScheduledProcedureStepSequence
    assert (step_told.Modality, step_told.ScheduledStationAETitle) == ("OT", "ROOM2")
    assert other.StudyInstanceUID.startswith("2.25.")
    assert other.RequestedProcedureID == "ACC-2"
    assert "nobody's business" not in str(found)


@pytest.mark.parametrize(
    ("keys", "step", "found"),
    [
        ({"PatientName": "weiß*"}, {}, ["ACC-1", "ACC-2"]),
        ({"PatientName": "schwarz*"}, {}, []),
        ({"PatientID": "PAT-1", "AccessionNumber": "ACC-2"}, {}, ["ACC-2"]),
        ({}, {"Modality": "DX"}, ["ACC-1"]),
        ({}, {"Modality": "CT"}, []),
        ({}, {"ScheduledStationAETitle": "ROOM1"}, ["ACC-1"]),
        ({}, {"ScheduledStationAETitle": "ROOM2"}, ["ACC-2"]),
        ({}, {"ScheduledProcedureStepStartDate": "20260105"}, ["ACC-1"]),
        ({}, {"ScheduledProcedureStepStartDate": "20260106-20260108"}, ["ACC-2"]),
        ({}, {"ScheduledProcedureStepStartDate": "-20260108"}, ["ACC-1", "ACC-2"]),
        ({}, {"ScheduledProcedureStepStartDate": "20260105-20260107",
              "ScheduledProcedureStepStartTime": "1100-0100"}, ["ACC-2"]),
        ({}, {"ScheduledProcedureStepStartDate": "20260105",
              "ScheduledProcedureStepStartTime": "1000-1100"}, ["ACC-1"]),
        ({}, {"ScheduledProcedureStepStartDate": "20260105-",
              "ScheduledProcedureStepStartTime": "1031-"}, ["ACC-2"]),
    ],
)  # fmt: skip
def test_orders_are_matched(
    house: Ward, keys: dict[str, Any], step: dict[str, Any], found: list[str]
) -> None:
    asked = dataset(**{"AccessionNumber": "", "SpecificCharacterSet": "ISO_IR 192", **keys})
    asked.ScheduledProcedureStepSequence = [dataset(**step)]
    with house.associated(WORKLIST, calling="ROOM2") as peer:
        answers = list(peer.send_c_find(asked, WORKLIST))
    assert numbers([each for _, each in answers if each]) == found


def test_unsupported_keys_and_bad_values(house: Ward) -> None:
    assert ask(house, PatientWeight="")[1] == [0xFF01, 0xFF01, 0]
    assert ask(house, step={"ScheduledProcedureStepStatus": ""})[1] == [0xFF01, 0xFF01, 0]
    assert ask(house, step={"ScheduledProcedureStepStartDate": "tomorrow"}) == ([], [0xC000])


@pytest.mark.parametrize(("patient", "left"), [("PAT-1", ["ACC-1"]), ("PAT-9", ["ACC-1", "ACC-2"])])
def test_an_order_is_listed_until_its_images_come(house: Ward, patient: str, left: list[str]) -> None:
    """By accession number and patient; what came for somebody else under the same number did not come."""
    house.sent(film(9, t00080050="ACC-2", t00100020=patient))
    assert numbers(ask(house)[0]) == left


def test_an_order_is_listed_until_its_study_comes(house: Ward) -> None:
    house.sent(film(50, t00080050="OTHER"))
    assert numbers(ask(house)[0]) == ["ACC-2"]


@pytest.mark.parametrize(
    ("pattern", "text", "met"),
    [("*", "", True), ("a*", "abc", True), ("*c", "abc", True), ("a?c", "abc", True), ("a?", "abc", False),
     ("*b*", "abc", True), ("", "a", False), ("a*a*b", "aaaa", False), ("*a" * 400, "a" * 60, False)],
)  # fmt: skip
def test_wildcards(pattern: str, text: str, *, met: bool) -> None:
    assert alike(pattern, text) is met
