"""Real peers over the real process: what others wrote gets what was sent, as it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from pydicom.data import get_testdata_file

from tests.flow.archive import Archive, archive
from tests.flow.conftest import OnDatabase
from tests.flow.modality import data_set
from tests.flow.processes import Site

SENT = (
    "CT_small.dcm", "MR_small_implicit.dcm", "JPEG2000.dcm", "SC_rgb_rle_2frame.dcm", "reportsi.dcm",
    "examples_palette.dcm", "liver_1frame.dcm",
)  # fmt: skip


def file(name: str) -> Path:
    return Path(str(get_testdata_file(name)))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, on_database: OnDatabase) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("dicomweb")
    with Site(folder, "http://127.0.0.1:9/fhir", **on_database("dicomweb")) as made:
        made.bring_up(made.program("web"))
        yield made


@pytest.fixture(scope="module")
def client(site: Site) -> DICOMwebClient:
    made = DICOMwebClient(f"{site.root}/dicom-web")
    made.store_instances([pydicom.dcmread(file(each)) for each in SENT])
    return made


def test_what_was_sent_is_found_by_its_study(client: DICOMwebClient) -> None:
    sent = [pydicom.dcmread(file(each)) for each in SENT]
    found = client.search_for_studies()
    assert {each["0020000D"]["Value"][0] for each in found} == {each.StudyInstanceUID for each in sent}
    one = client.search_for_studies(
        search_filters={"PatientID": sent[0].PatientID, "ModalitiesInStudy": "CT"}
    )
    assert [each["0020000D"]["Value"][0] for each in one] == [sent[0].StudyInstanceUID]
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
    assert len(client.search_for_instances()) == len(SENT)
    assert len(client.search_for_studies(limit=2, offset=1)) == 2


@pytest.mark.parametrize("name", SENT)
def test_what_is_fetched_is_what_was_sent(client: DICOMwebClient, name: str) -> None:
    sent = pydicom.dcmread(file(name))
    place = sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID
    got = client.retrieve_instance(*place, media_types=(("application/dicom", "*"),))
    assert got.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert got == sent
    told = pydicom.Dataset.from_json(client.retrieve_instance_metadata(*place), lambda _: b"")
    for keyword in ("PatientName", "PatientID", "SOPClassUID", "StudyDate", "Modality"):
        assert told.get(keyword) == sent.get(keyword), keyword


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "JPEG2000.dcm", "SC_rgb_rle_2frame.dcm", "MR_small_implicit.dcm"]
)
def test_frames_are_the_pixels(client: DICOMwebClient, name: str) -> None:
    sent = pydicom.dcmread(file(name))
    place = sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID
    frames = client.retrieve_instance_frames(
        *place, frame_numbers=[1], media_types=(("application/octet-stream", "1.2.840.10008.1.2.1"),)
    )
    pixels = sent.pixel_array if sent.get("NumberOfFrames", 1) == 1 else sent.pixel_array[0]
    if sent.get("PlanarConfiguration") == 1:
        pixels = pixels.transpose(2, 0, 1)
    assert frames[0] == np.ascontiguousarray(pixels).tobytes()


def test_a_whole_study_comes_one_after_the_other(client: DICOMwebClient) -> None:
    sent = pydicom.dcmread(file("CT_small.dcm"))
    got = list(client.iter_study(sent.StudyInstanceUID, media_types=(("application/dicom", "*"),)))
    assert [each.SOPInstanceUID for each in got] == [sent.SOPInstanceUID]


def test_a_person_can_look_at_it(client: DICOMwebClient) -> None:
    sent = pydicom.dcmread(file("CT_small.dcm"))
    place = sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID
    picture = client.retrieve_instance_rendered(*place, media_types=("image/png",))
    with Image.open(BytesIO(picture)) as shown:
        assert shown.size == (sent.Columns, sent.Rows)


def test_every_access_is_in_the_audit_trail(site: Site, client: DICOMwebClient) -> None:
    sent = pydicom.dcmread(file("CT_small.dcm"))
    client.retrieve_study_metadata(sent.StudyInstanceUID)
    found = httpx.get(f"{site.base}/AuditEvent?_count=500", trust_env=False).json()["entry"]
    told = [each["resource"] for each in found]
    assert {"search", "read", "create"} <= {code["code"] for each in told for code in each["subtype"]}
    values = [str(each.get("entity")) for each in told]
    assert any(sent.StudyInstanceUID in each for each in values)


def test_the_data_set_is_kept_byte_for_byte(site: Site, client: DICOMwebClient, tmp_path: Path) -> None:
    sent = pydicom.dcmread(file("liver_1frame.dcm"))
    address = f"{site.root}/dicom-web/studies/{sent.StudyInstanceUID}/series/{sent.SeriesInstanceUID}"
    accept = {"Accept": "application/dicom; transfer-syntax=*"}
    got = httpx.get(f"{address}/instances/{sent.SOPInstanceUID}", headers=accept, trust_env=False)
    (tmp_path / "got.dcm").write_bytes(got.content)
    assert data_set(tmp_path / "got.dcm") == data_set(file("liver_1frame.dcm"))


@pytest.fixture(scope="module")
def orthanc(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with archive(tmp_path_factory.mktemp("orthanc"), f"{site.root}/dicom-web/") as made:
        yield made


@pytest.mark.parametrize(
    "name", ["JPGExtended.dcm", "examples_overlay.dcm", "693_J2KI.dcm", "examples_ybr_color.dcm"]
)
def test_an_archive_sends_here_and_fetches_it_back(
    site: Site, client: DICOMwebClient, orthanc: Archive, name: str
) -> None:
    """Orthanc's DICOMweb plug-in as STOW-RS, QIDO-RS and WADO-RS client."""
    sent = pydicom.dcmread(file(name))
    held = orthanc.post("/instances", file(name).read_bytes())
    told = orthanc.post("/dicom-web/servers/ours/stow", {"Resources": [held["ID"]], "Synchronous": True})
    assert told is not None
    found = orthanc.post(
        "/dicom-web/servers/ours/qido",
        {"Uri": "/studies", "Arguments": {"StudyInstanceUID": sent.StudyInstanceUID}},
    )
    assert len(found) == 1
    orthanc.delete(f"/instances/{held['ID']}")
    orthanc.post(
        "/dicom-web/servers/ours/retrieve",
        {"Resources": [{"Study": sent.StudyInstanceUID}], "Synchronous": True},
    )
    back = orthanc.get(f"/instances/{held['ID']}/file")
    assert back.status_code == 200
    got = pydicom.dcmread(BytesIO(back.content))
    assert got.SOPInstanceUID == sent.SOPInstanceUID
    assert got.PatientID == sent.PatientID
