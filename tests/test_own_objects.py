"""What we wrote comes back to us: an archive routes everything of a study to whoever it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import AE
from sqlalchemy import select

from server.contract import Inputs
from server.dicom.receive.staging import Staging
from server.holding import ObjectHolding
from server.image_search import Level, Wanted
from server.images import ImageObject
from server.model import AiRead, DicomNode, FilmLook, PacsDestination, PacsKind, Withdrawal
from server.reader.training.film.wrapped import dataset
from server.store.image_search import ImageFinder
from server.store.image_tables import image
from server.store.images import OTHER_BYTES, as_object
from tests.dicom.door import Door
from tests.dicom.web.messages import RELATED, message
from tests.sockets import let_go
from tests.test_story_images import FILMS, RULES, Hospital, events, film, send
from tests.world import POLICY, ScriptedReader, World, make_world, task

pytestmark = pytest.mark.both_databases

NODE = DicomNode("PACS", "127.0.0.1", 1, "READER", None)
PACS = PacsDestination("pacs", ("ehr",), frozenset(PacsKind), timedelta(seconds=1), NODE)
CARD = replace(FILMS, calibration={"slope": 1.0, "intercept": 0.0})
FILM = dataset(
    np.tile(np.arange(224, dtype=np.uint8), (224, 1)), 77, StudyInstanceUID="1.2.3", PatientID="P-T-1"
)
LOOK = FilmLook(str(FILM.SOPInstanceUID), 224, 224, ((1.0, 0.0), (0.0, 2.0)), lossy=False)
KINDS = [each.value for each in PacsKind if each is not PacsKind.KEY_OBJECTS]


@dataclass
class Looks(ScriptedReader):
    """Reads the film, so that there is a map and a picture."""

    def read(self, inputs: Inputs, now: datetime) -> AiRead:
        return replace(super().read(inputs, now), film=LOOK)


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    policy, reader = replace(POLICY, images=RULES), Looks()
    for made in make_world(tmp_path, card=CARD, policy=policy, database_url=database_url, archives=(PACS,)):
        made.reader = reader
        made.cases = replace(made.cases, tools=replace(made.cases.tools, reader=lambda _: reader))
        yield made


Sends = Callable[[Dataset], int]


@contextmanager
def by_store(world: World, folder: Path) -> Iterator[Sends]:
    def sends(sent: Dataset) -> int:
        entity = AE("PACS")
        entity.add_requested_context(sent.SOPClassUID, sent.file_meta.TransferSyntaxUID)
        line = entity.associate("127.0.0.1", door.port, ae_title="READER")
        assert line.is_established
        status = int(line.send_c_store(sent).Status)
        line.release()
        return status

    holding = ObjectHolding(Staging(world.house.vault), world.house.images)
    with Door(folder / "door", holding=holding) as door:
        yield sends
    let_go()


@contextmanager
def by_web(world: World, folder: Path) -> Iterator[Sends]:
    def sends(sent: Dataset) -> int:
        written = BytesIO()
        sent.save_as(written, enforce_file_format=True)
        answer = world.client.post(
            "/dicom-web/studies", data=message(written.getvalue()), headers={"Content-Type": RELATED}
        )
        return 0 if answer.status_code == 200 else answer.status_code

    yield sends


@pytest.fixture(params=[by_store, by_web])
def sends(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Sends]:
    with request.param(world, tmp_path) as made:
        yield made


def written(world: World, sent: Hospital, *kinds: str) -> list[Dataset]:
    case = str(world.house.ledger.case_of_task(sent.task_id))
    documents = [each for kind in kinds for each in world.house.deliveries.documents(case, kind)]
    return [dcmread(BytesIO(each.content)) for each in documents]


def closed(world: World, sends: Sends) -> Hospital:
    sent = send(world)
    assert sends(FILM) == 0
    world.watch.forward(seconds=30)
    world.run()
    assert world.state(sent.task_id) == "closed"
    return sent


def rows(world: World) -> list[ImageObject]:
    """Everything of the study that is stored, ours too."""
    query = select(image).order_by(image.c.key)
    return world.house.database.read(lambda c: [as_object(each) for each in c.execute(query)])


def test_what_comes_back_changes_nothing_of_a_closed_case(world: World, sends: Sends) -> None:
    sent = closed(world, sends)
    world.house.ledger.withdraw(
        str(world.house.ledger.case_of_task(sent.task_id)), Withdrawal("Dr. Tarn", "wrong", world.watch())
    )
    world.run()
    before = events(world, sent)
    ours = written(world, sent, *KINDS, "kos")
    assert {each.Modality for each in ours} == {"SR", "OT", "KO"}
    for each in ours:
        assert sends(each) == 0
    world.watch.forward(hours=3)
    world.run()
    assert events(world, sent) == before
    came = [each for each in rows(world) if each.source.startswith("own:")]
    assert {each.sop_instance for each in came} == {str(each.SOPInstanceUID) for each in ours}
    study = world.house.images.study("1.2.3")
    assert study is not None
    assert [each.sop_instance for each in study.objects] == [str(FILM.SOPInstanceUID)]
    [found] = ImageFinder(world.house.database).find(Wanted(Level.STUDY, (), 9))
    assert found.instances == 1, "it is in the archive that it comes from"


def test_another_case_of_the_same_study_reads_the_film_alone(world: World, sends: Sends) -> None:
    """And does not wait anew for the study to be quiet."""
    first = closed(world, sends)
    world.reader.seen.clear()
    for each in written(world, first, *KINDS):
        assert sends(each) == 0
    report = f"DiagnosticReport/{first.report['id']}"
    asked = world.post(task(first.patient, report, "T-2", input=first.task["input"]))
    world.run()
    [inputs] = world.reader.seen
    assert [each.sop_instance for each in inputs.films] == [str(FILM.SOPInstanceUID)]
    history = world.trace(asked["id"])["history"]
    [found] = [each for each in history if each["event"] == "found complete"]
    assert found["detail"]["objects"] == 1


def test_what_an_archive_has_made_of_it_contradicts_nothing(world: World, sends: Sends) -> None:
    """Another encoding, another accession number, and then once more as it was."""
    sent = closed(world, sends)
    [capture] = written(world, sent, "capture")
    assert sends(capture) == 0
    capture.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    capture.AccessionNumber = "OTHER"
    capture.InstitutionName = "Elsewhere"
    changed = BytesIO()
    capture.save_as(changed, implicit_vr=True, enforce_file_format=True)
    changed.seek(0)
    assert sends(dcmread(changed)) == 0
    study = world.house.images.study("1.2.3")
    assert study is not None
    assert study.contradictions == ()
    assert OTHER_BYTES not in study.contradictions
    assert [each.source.startswith("own:") for each in rows(world)] == [False, True, True]


def test_what_another_house_wrote_by_the_same_program_is_known_by_its_device(
    world: World, sends: Sends
) -> None:
    """Its documents are not in this store; its device UID says of what it was made (docs/decisions/0021)."""
    sent = closed(world, sends)
    [capture] = written(world, sent, "capture")
    capture.SOPInstanceUID = capture.file_meta.MediaStorageSOPInstanceUID = "2.25.4711"
    assert sends(capture) == 0
    assert rows(world)[-1].source.startswith("own:")


@pytest.mark.parametrize(
    "keyword", ["DeviceUID", "DeviceSerialNumber", "SoftwareVersions", "ManufacturerModelName"]
)
def test_a_mark_that_is_not_exactly_ours_is_none(world: World, sends: Sends, keyword: str) -> None:
    sent = closed(world, sends)
    [capture] = written(world, sent, "capture")
    capture.SOPInstanceUID = capture.file_meta.MediaStorageSOPInstanceUID = "2.25.4711"
    setattr(capture, keyword, "2.25.1" if keyword == "DeviceUID" else "other")
    assert sends(capture) == 0
    assert not rows(world)[-1].source.startswith("own:")
    world.run()
    assert events(world, sent)[-1] == "images late"


def test_what_only_refers_to_ours_is_not_ours(world: World, sends: Sends) -> None:
    """A doctor's key images name our picture; a film may have a UID that is made as ours are."""
    sent = closed(world, sends)
    [capture] = written(world, sent, "capture")
    other = dcmread(BytesIO(as_file(FILM)))
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = "2.25.815"
    source = Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = (
        capture.SOPClassUID,
        capture.SOPInstanceUID,
    )
    other.SourceImageSequence = [source]
    assert sends(other) == 0
    world.run()
    assert events(world, sent)[-1] == "images late"


def as_file(sent: Dataset) -> bytes:
    held = BytesIO()
    sent.save_as(held, enforce_file_format=True)
    return held.getvalue()


def test_a_study_of_which_nothing_else_is_here_is_not_here(world: World, sends: Sends) -> None:
    sent = closed(world, sends)
    [capture] = written(world, sent, "capture")
    capture.StudyInstanceUID = "1.2.4"
    capture.SOPInstanceUID = capture.file_meta.MediaStorageSOPInstanceUID = "2.25.4711"
    assert sends(capture) == 0
    assert world.house.images.study("1.2.4") is None
    film(world, 5, replace(rows(world)[0].named, study="1.2.4"))
    assert world.house.images.study("1.2.4") is not None
