"""When a study is complete, by real peers: a modality's MPPS through a crash, an archive that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE
from sqlalchemy import select

from conformance.peers.ehr import Ehr
from server.reader.training.film.wrapped import dataset
from server.store.database import Database
from server.store.image_tables import image
from tests.dicom import steps
from tests.dicom.send.conftest import LETS_GO
from tests.flow.archive import Archive, archive
from tests.flow.processes import Program, Site, free_port, until
from tests.flow.test_image_case import NORMAL, STUDY, Radiology, film
from tests.sockets import let_go

pytestmark = LETS_GO
PERFORMED = "1.2.840.10008.3.1.2.3.3"
EARLIER = "1.2.826.0.1.3680043.8.498.7.78.1"
STEP = "1.2.826.0.1.3680043.8.498.7.9"
PRIORS = 'priors = { within_days = 365, at_most = 3, modalities = ["DX"], wait = "1 min" }'


def picture() -> np.ndarray[Any, Any]:
    return np.random.default_rng(7).integers(0, 255, (128, 128), dtype=np.uint8)


@contextmanager
def up(
    tmp_path: Path, ehr: Ehr, port: int, pacs: str = "", **policy: str
) -> Iterator[tuple[Radiology, Program]]:
    """Everything, with a policy in which these words stand for others."""
    with Site(tmp_path, ehr.base, destination=f"timeout_seconds = 5\n{pacs}", DICOM_PORT=str(port)) as site:
        file = tmp_path / "policies" / "child-pneumonia.toml"
        text = file.read_text()
        for before, after in policy.items():
            assert f"\n{before} = " in text
            text = "\n".join(after if each.startswith(f"{before} = ") else each for each in text.split("\n"))
        file.write_text(text)
        program = site.program("up")
        site.bring_up(program)
        radiology = Radiology(site, port)
        with radiology.client:
            yield radiology, program
    let_go()


def say(port: int, made: Dataset, *, begin: bool) -> int:
    """One N-CREATE or N-SET on an association of its own; the status."""
    entity = AE("MODALITY")
    entity.add_requested_context(PERFORMED)
    opened = entity.associate("127.0.0.1", port, ae_title="READER")
    assert opened.is_established
    send = opened.send_n_create if begin else opened.send_n_set
    status, _ = send(made, PERFORMED, STEP)
    opened.release()
    return int(status.Status)


def test_a_modality_tells_what_it_makes_and_nothing_of_it_is_lost(tmp_path: Path, ehr: Ehr) -> None:
    port = free_port()
    with up(tmp_path, ehr, port, quiet_study='quiet_study = "1 s"') as (radiology, program):
        assert say(port, steps.begun((STUDY,)), begin=True) == 0x0000
        task = radiology.order(NORMAL, images=None)
        assert radiology.send(film(picture())) == 0x0000
        program.kill_group()
        radiology.site.bring_up(program)
        assert say(port, steps.begun((STUDY,)), begin=True) == 0x0111, "it has survived"
        radiology.reaches(task, ("on-hold", "awaiting-information"), ("requested", ""))
        assert radiology.found_complete() == {}, "the modality is at work, however quiet the study is"
        named = [str(film(picture()).SOPInstanceUID)]
        assert say(port, steps.ended(instances=named), begin=False) == 0x0000
        until(radiology.found_complete, 60.0, "it is complete")
        assert radiology.found_complete() == {
            "rule": "performed-step",
            "objects": 1,
            "expected": 1,
            "steps": [STEP],
        }
        assert say(port, steps.discontinued(), begin=False) == 0x0110


def test_a_person_calls_it_complete(tmp_path: Path, ehr: Ehr) -> None:
    port = free_port()
    with up(tmp_path, ehr, port) as (radiology, _):
        task = radiology.order(NORMAL, images=2)
        assert radiology.send(film(picture())) == 0x0000
        radiology.reaches(task, ("on-hold", "awaiting-information"))
        words = ("--by", "Dr Demo", "--reason", "there is one view only")
        for _ in range(2):
            said = radiology.site.command("complete", radiology.case(), *words)
            assert "complete with 1 objects" in said
        until(radiology.found_complete, 60.0, "it is complete")
        assert (radiology.found_complete()["rule"], radiology.found_complete()["by"]) == (
            "called-complete",
            "Dr Demo",
        )


def part10(number: int, **header: Any) -> bytes:
    held = BytesIO()
    dataset(picture(), number, PatientID="made-up-77", **header).save_as(held, enforce_file_format=True)
    return held.getvalue()


TABLE = '[[pacs]]\nname = "pacs"\nserves = ["ehr"]\naccepts = []\n'
DIMSE = 'ae = "ORTHANC"\nhost = "127.0.0.1"\nport = {dicom}\ncalling_ae = "READER"\nask = "dimse"\n'
WEB = 'stow = "http://127.0.0.1:{web}/dicom-web"\nask = "qido"\nfetch = "wado"\n'


@pytest.mark.parametrize(
    ("table", "source"),
    [
        (DIMSE + 'fetch = "move"\n', "ORTHANC>READER"),
        (DIMSE + 'fetch = "get"\n', "get:pacs"),
        (WEB, "wado:pacs"),
    ],
)
def test_an_archive_counts_and_gives_what_is_earlier(
    tmp_path: Path, ehr: Ehr, table: str, source: str
) -> None:
    port, dicom = free_port(), free_port()
    (tmp_path / "orthanc").mkdir()
    with archive(tmp_path / "orthanc", "http://127.0.0.1:9", dicom, port) as peer:
        _fill(peer)
        pacs = TABLE + table.format(dicom=dicom, web=peer.port)
        quiet = f'quiet_study = "1 h"\n{PRIORS}'
        with up(tmp_path, ehr, port, pacs, quiet_study=quiet) as (radiology, _):
            radiology.order(NORMAL, images=None)
            assert radiology.send(film(picture())) == 0x0000
            until(radiology.found_complete, 90.0, "it is complete")
            assert radiology.found_complete() == {
                "rule": "archive-count",
                "objects": 1,
                "expected": 1,
                "archive-count": {"archive": "pacs", "asked": 2, "count": 1},
                "priors": {"studies": [{"study": EARLIER, "objects": 1}]},
            }
            here = radiology.client.get(
                f"{radiology.site.root}/dicom-web/studies/{EARLIER}/instances",
                headers={"Accept": "application/dicom+json"},
            )
            assert len(here.json()) == 1
            named = {"identifier": f"urn:dicom:uid|urn:oid:{EARLIER}"}
            assert radiology.client.get("/ImagingStudy", params=named).json()["total"] == 1
            assert source in _sources(radiology.site.store)


def _fill(peer: Archive) -> None:
    """The ordered study, an earlier one, one of somebody else, and one that is too old."""
    peer.post("/instances", part10(77, StudyInstanceUID=STUDY))
    peer.post("/instances", part10(78, StudyInstanceUID=EARLIER, StudyDate="20250901"))
    peer.post("/instances", part10(79, StudyDate="20250901").replace(b"made-up-77", b"made-up-79"))
    peer.post("/instances", part10(80, StudyDate="20200901"))


def _sources(store: Path | str) -> str:
    database = Database(store)
    try:
        return str(database.read(lambda c: c.execute(select(image.c.source)).scalars().all()))
    finally:
        database.close()
