"""One case over three doors: order and report by HL7 v2, the film by C-STORE; told by FHIR, SR and ORU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from conformance.demo.cases import FILMS, load
from conformance.demo.radiology import FILMS as PICTURES
from conformance.demo.radiology import picture
from conformance.peers.ehr import Ehr
from conformance.peers.engine import Engine, order, report
from conformance.peers.modality import Modality, Order, taken
from conformance.peers.pacs import Pacs
from conformance.peers.request import Clinician, Opinion, Patient, ReadRequest, Study
from conformance.peers.ris import Ris
from conformance.peers.search import parse
from tests.flow.processes import Site, free_port, until
from tests.sockets import let_go

LINKS = """
[[link]]
name = "ris"
sender = { application = "RIS", facility = "DEMO" }
addresses = ["127.0.0.1/32"]

[[link.authority]]
namespace = "HOSP"
system = "https://ehr.example/patient"

[[link.authority]]
namespace = "EHR"
system = "https://ehr.example/task"

[[link.asks]]
question = "child-pneumonia"
codes = [{ code = "36554-4", system = "LN" }]
"""
MORE = """timeout_seconds = 5

[[pacs]]
name = "pacs"
serves = ["ehr"]
accepts = ["sr", "kos"]
ae = "PACS"
host = "127.0.0.1"
port = {pacs}
calling_ae = "READER"

[[hl7v2]]
name = "ris"
serves = ["ehr"]
accepts = ["oru"]
host = "127.0.0.1"
port = {ris}
receiving_application = "EHR"
timeout_seconds = 5
[[hl7v2.authority]]
system = "https://ehr.example/task"
namespace = "EHR"
[[hl7v2.authority]]
system = "https://ehr.example/patient"
namespace = "HOSP"
"""


@dataclass(frozen=True, slots=True)
class Doors:
    """The three of them, and what stands behind each."""

    site: Site
    engine: Engine
    modality: Modality
    pacs: Pacs
    ris: Ris
    ehr: Ehr

    def send(self, what: str, request: ReadRequest) -> None:
        if what == "images":
            assert request.study is not None
            film = Order(
                patient_id=f"P-{request.token}",
                patient_name="Demo^Film",
                accession="",
                study=request.study.uid,
            )
            shot = taken(film, picture(PICTURES / "pneumonia-1.jpeg"), "AP", 1)
            step = self.modality.begin(film)
            assert self.modality.send([shot]) == [0x0000]
            self.modality.end(step, [shot])
            return
        kind, segments = {"order": order, "report": report}[what](request)
        answer = self.engine.send(kind, segments)
        assert answer.code == "AA", answer.text

    def cases(self) -> list[dict[str, Any]]:
        found = httpx.get(
            f"{self.site.root}/cases", headers={"Accept": "application/json"}, timeout=30, trust_env=False
        )
        return list(found.json()["cases"])

    def messages(self) -> list[dict[str, Any]]:
        found = httpx.get(
            f"{self.site.root}/messages", headers={"Accept": "application/json"}, timeout=30, trust_env=False
        )
        return list(found.json()["messages"])

    def kept(self, study: str) -> list[Dataset]:
        query = Dataset()
        query.QueryRetrieveLevel, query.StudyInstanceUID = "IMAGE", study
        found = self.pacs.objects.matching(query)
        return [dcmread(self.pacs.objects.path(str(each.SOPInstanceUID))) for each in found]


@pytest.fixture
def doors(tmp_path: Path, ehr: Ehr) -> Iterator[Doors]:
    dicom, mllp = free_port(), free_port()
    links = tmp_path / "links.toml"
    links.write_text(LINKS)
    with Pacs(tmp_path / "pacs", callers={"READER": ("127.0.0.1", dicom)}) as pacs, Ris() as ris:
        more = MORE.format(pacs=pacs.port, ris=ris.port)
        settings: dict[str, Any] = {
            "DICOM_PORT": str(dicom),
            "MLLP_PORT": str(mllp),
            "MLLP_LINKS": str(links),
        }
        with Site(tmp_path, ehr.base, destination=more, **settings) as site:
            site.bring_up(site.program("up"))
            with Engine("127.0.0.1", mllp) as engine:
                yield Doors(site, engine, Modality("127.0.0.1", dicom, "READER"), pacs, ris, ehr)
    let_go()


def asked() -> ReadRequest:
    script, now = load(FILMS), datetime.now(UTC)
    return ReadRequest(
        token=uuid4().hex[:12],
        question="child-pneumonia",
        patient=Patient("Specimer", "Lotte", date(now.year - 3, 1, 5), "female"),
        labs=(),
        report_code=script.report_code,
        opinion=Opinion(**vars_of(script.findings["pneumonia"])),
        signed_by=Clinician(**vars_of(script.first_reader)),
        collected_at=now - timedelta(hours=1),
        signed_at=now - timedelta(minutes=5),
        asked_at=now,
        due_at=now + timedelta(days=1),
        study=Study(f"2.25.{uuid4().int}", 1),
    )


def vars_of(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


@pytest.mark.parametrize("first", ["order", "images", "report"])
def test_ordered_imaged_and_reported_by_three_doors_it_is_one_case_told_by_three(
    doors: Doors, first: str
) -> None:
    request = asked()
    assert request.study is not None
    for what in [first, *(each for each in ("order", "images", "report") if each != first)]:
        doors.send(what, request)
    until(lambda: [each["state"] for each in doors.cases()] == ["closed"], 90.0, "the one case is closed")
    assert {each["standing"] for each in doors.messages()} == {"applied"}
    [task] = doors.ehr.shelf.search("Task", parse(f"identifier=https://ehr.example/task|T-{request.token}"))
    assert task.body["status"] == "completed"
    study, case = request.study.uid, doors.cases()[0]["case"]
    until(lambda: doors.kept(study), 30.0, "the archive keeps the report")
    assert [each.Modality for each in doors.kept(study)] == ["SR"]
    [told] = doors.ris.chart.values()
    assert told.status in ("R", "P")
    assert any("233604007" in number for number, _ in told.said)
    doors.site.command("withdraw", case, "--by", "somebody", "--reason", "wrong film")
    until(lambda: any(each.Modality == "KO" for each in doors.kept(study)), 60.0, "the archive is told")
    until(lambda: {each.status for each in told_now(doors)} == {"W"}, 60.0, "the RIS is told")


def told_now(doors: Doors) -> list[Any]:
    [report_] = doors.ris.chart.values()
    return list(report_.said.values())
