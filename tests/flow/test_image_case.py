"""One question about a film, through every room: ordered over FHIR, sent over DICOM, read, compared, told."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE

from conformance.peers.ehr import Ehr
from conformance.peers.pacs import Pacs
from server.model import Coding
from server.reader.training.film.wrapped import dataset
from tests.flow.processes import Site, free_port, until
from tests.sockets import let_go
from tests.world import EHR, LOINC, SR, coded

SCT = "http://snomed.info/sct"
PNEUMONIA = Coding(SCT, "233604007", "Pneumonia")
NORMAL = Coding(SCT, "168733007", "Standard chest X-ray normal")
FILMS = Path(__file__).parents[3] / "shared" / "data" / "cxr-child" / "test.tar"
STUDY = "1.2.826.0.1.3680043.8.498.7.77.1"


class Radiology:
    """What an EHR and a modality do for one film."""

    def __init__(self, site: Site, dicom_port: int) -> None:
        self.site, self.dicom_port = site, dicom_port
        self.client = httpx.Client(base_url=site.base, timeout=30, trust_env=False)

    def post(self, resource: dict[str, Any]) -> str:
        answer = self.client.post(f"/{resource['resourceType']}", json=resource)
        assert answer.status_code == 201, answer.text
        return f"{resource['resourceType']}/{answer.json()['id']}"

    def order(self, said: Coding, born: str = "2022-03-01", images: int | None = 1) -> str:
        """The order, the signed first report, and how many images there are, if it says so; ``Task/id``."""
        person = self.post(
            {
                "resourceType": "Patient",
                "birthDate": born,
                "identifier": [{"system": "https://ehr.example/patient", "value": "made-up-77"}],
            }
        )
        place = self.post({"resourceType": "Organization", "name": "Demo General"})
        doctor = self.post({"resourceType": "Practitioner", "name": [{"family": "Dapple"}]})
        role = self.post(
            {
                "resourceType": "PractitionerRole",
                "practitioner": {"reference": doctor},
                "organization": {"reference": place},
            }
        )
        uid = {"system": "urn:dicom:uid", "value": f"urn:oid:{STUDY}"}
        study = self.post(
            {
                "resourceType": "ImagingStudy",
                "status": "available",
                "identifier": [uid],
                **({"numberOfInstances": images} if images else {}),
                "subject": {"reference": person},
            }
        )
        now = datetime.now(UTC).isoformat()
        report = self.post(
            {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "code": coded(Coding(LOINC, "36554-4")),
                "subject": {"reference": person},
                "effectiveDateTime": now,
                "issued": now,
                "resultsInterpreter": [{"reference": role}],
                "imagingStudy": [{"reference": study}],
                "conclusionCode": [coded(said)],
            }
        )
        kind = coded(Coding(f"{SR}/CodeSystem/task", "clinical-question"))
        placer = coded(Coding("http://terminology.hl7.org/CodeSystem/v2-0203", "PLAC"))
        question = coded(Coding(f"{SR}/CodeSystem/question", "child-pneumonia"))
        return self.post(
            {
                "resourceType": "Task",
                "status": "requested",
                "intent": "order",
                "identifier": [{"type": placer, "system": EHR, "value": "F-1"}],
                "code": coded(Coding(f"{SR}/CodeSystem/task", "second-read")),
                "focus": {"reference": report},
                "for": {"reference": person},
                "authoredOn": now,
                "input": [{"type": kind, "valueCodeableConcept": question}],
            }
        )

    def send(self, film: Dataset) -> int:
        """C-STORE by pynetdicom; returns the status."""
        ae = AE(ae_title="MODALITY")
        ae.add_requested_context(film.SOPClassUID, film.file_meta.TransferSyntaxUID)
        association = ae.associate("127.0.0.1", self.dicom_port, ae_title="READER")
        assert association.is_established
        status = int(association.send_c_store(film).Status)
        association.release()
        return status

    def business(self, task: str) -> tuple[str, str]:
        found = self.client.get(f"/{task}").json()
        return found["status"], found.get("businessStatus", {}).get("coding", [{}])[0].get("code", "")

    def reaches(self, task: str, *standings: tuple[str, str]) -> tuple[str, str]:
        until(lambda: self.business(task) in standings, 60.0, f"{task} stands at one of {standings}")
        return self.business(task)

    def state(self) -> str:
        return str(self._case()["state"])

    def case(self) -> str:
        return str(self._case()["case"])

    def history(self) -> list[dict[str, Any]]:
        found = httpx.get(
            f"{self.site.root}/cases/{self.case()}",
            headers={"Accept": "application/json"},
            timeout=30,
            trust_env=False,
        )
        return list(found.json()["history"])

    def found_complete(self) -> dict[str, Any]:
        """What the history says of how the study was found complete; empty before it was."""
        found = [each["detail"] for each in self.history() if each["event"] == "found complete"]
        return dict(found[-1]) if found else {}

    def _case(self) -> dict[str, Any]:
        listed = httpx.get(
            f"{self.site.root}/cases", headers={"Accept": "application/json"}, timeout=30, trust_env=False
        )
        [found] = listed.json()["cases"] if isinstance(listed.json(), dict) else listed.json()
        return dict(found)

    def opinion(self) -> dict[str, Any]:
        [entry] = self.client.get("/DiagnosticReport", params={"_security": "AIAST"}).json()["entry"]
        return dict(entry["resource"])


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    """It reports on what it keeps by an association of its own, to our DICOM door."""
    with Pacs(tmp_path / "pacs") as archive:
        yield archive
    let_go()


@pytest.fixture
def radiology(tmp_path: Path, ehr: Ehr, pacs: Pacs) -> Iterator[Radiology]:
    port = free_port()
    pacs.callers["READER"] = ("127.0.0.1", port)
    archive = (
        'timeout_seconds = 5\n[[pacs]]\nname = "pacs"\nserves = ["ehr"]\n'
        'accepts = ["sr", "map", "capture", "kos"]\n'
        f'ae = "PACS"\nhost = "127.0.0.1"\nport = {pacs.port}\ncalling_ae = "READER"\n'
    )
    with Site(tmp_path, ehr.base, destination=archive, DICOM_PORT=str(port)) as site:
        site.bring_up(site.program("up"))
        made = Radiology(site, port)
        with made.client:
            yield made


def film(picture: np.ndarray[Any, Any], **header: Any) -> Dataset:
    made = dataset(picture, 77, **{"StudyInstanceUID": STUDY, "PatientID": "made-up-77", **header})
    held = BytesIO()
    made.save_as(held, enforce_file_format=True)
    held.seek(0)
    return dcmread(held)


def published(kind: str) -> np.ndarray[Any, Any]:
    """One film of the published test part."""
    if not FILMS.exists():
        pytest.skip("no published films at ../shared/data/cxr-child/test.tar")
    with tarfile.open(FILMS) as films:
        names = sorted(each.name for each in films if each.isfile() and kind in each.name)
        with films.extractfile(names[3]) as content:  # type: ignore[union-attr]
            return np.asarray(Image.open(BytesIO(content.read())).convert("L"))


def test_what_is_no_chest_film_is_declined_and_goes_to_a_person(radiology: Radiology) -> None:
    task = radiology.order(NORMAL)
    assert radiology.reaches(task, ("on-hold", "awaiting-information"))
    noise = np.random.default_rng(7).integers(0, 255, (256, 256), dtype=np.uint8)
    assert radiology.send(film(noise)) == 0x0000
    # Nobody is in the directory: the case waits at our side, and says nothing of what the model said.
    radiology.reaches(task, ("on-hold", "awaiting-coordinator"), ("in-progress", "awaiting-specialist"))
    assert radiology.client.get("/Observation", params={"_security": "AIAST"}).json()["total"] == 0


def test_a_film_of_another_patient_is_held(radiology: Radiology) -> None:
    task = radiology.order(NORMAL)
    flat = np.full((256, 256), 90, np.uint8)
    assert radiology.send(film(flat, PatientID="made-up-78")) == 0x0000
    radiology.reaches(task, ("on-hold", "awaiting-coordinator"))
    assert "do not fit" in radiology.client.get(f"/{task}").json()["statusReason"]["text"]


def test_two_readers_agree_on_a_published_film(radiology: Radiology, pacs: Pacs) -> None:
    picture = published("PNEUMONIA")
    task = radiology.order(PNEUMONIA)
    assert radiology.send(film(picture)) == 0x0000
    assert radiology.send(film(picture)) == 0x0000, "sent again, it is the same film"
    radiology.reaches(task, ("completed", "closed-concordant"))
    opinion = radiology.opinion()
    assert opinion["category"][0]["coding"][0]["code"] == "RAD"
    assert "pneumonia present" in opinion["conclusion"]
    assert opinion["imagingStudy"][0]["reference"].startswith("ImagingStudy/")
    until(lambda: len(_kept(pacs)) == 3, 60.0, "report, map and picture are in the archive")
    report = next(each for each in _kept(pacs) if each.Modality == "SR")
    assert (report.StudyInstanceUID, report.PatientID) == (STUDY, "made-up-77")
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    outputs = radiology.client.get(f"/{task}").json()["output"]
    named = {each["type"]["coding"][0]["code"]: each.get("valueReference", {}) for each in outputs}
    assert named["dicom-sr"]["identifier"]["value"] == f"urn:oid:{report.SOPInstanceUID}"
    until(
        lambda: len([each for each in pacs.reports if each[1] == 0]) == 3,
        60.0,
        "it has said that it keeps them",
    )
    until(lambda: radiology.state() == "closed", 60.0, "committed, they are delivered")
    radiology.site.command("withdraw", radiology.case(), "--by", "somebody", "--reason", "wrong film")
    until(lambda: any(each.Modality == "KO" for each in _kept(pacs)), 60.0, "the archive is told")


def _kept(pacs: Pacs) -> list[Dataset]:
    query = Dataset()
    query.QueryRetrieveLevel = "IMAGE"
    return [dcmread(pacs.objects.path(str(each.SOPInstanceUID))) for each in pacs.objects.matching(query)]
