"""A modality tells of its examination by pynetdicom; our DICOM door keeps it before it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.association import Association

from conformance.__main__ import main
from server.completeness import Performed, StepState
from server.dicom.receive.staging import Staging
from server.dicom.upper.negotiation import PERFORMED
from server.holding import ObjectHolding
from server.store.database import Database
from server.store.images import ImageStore
from server.store.performed import PerformedSteps
from server.store.vault import Vault
from tests.dicom import steps
from tests.dicom.door import Door
from tests.schema import migrated
from tests.sockets import let_go

UID = "1.2.9"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(migrated(tmp_path / "store.db"))
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database) -> PerformedSteps:
    return PerformedSteps(database)


@pytest.fixture
def port(tmp_path: Path, database: Database, store: PerformedSteps) -> Iterator[int]:
    """Of our door."""
    holding = ObjectHolding(Staging(Vault(tmp_path)), ImageStore(database), None, store)
    with Door(tmp_path, holding=holding) as door:
        yield door.port
    let_go()


@contextmanager
def associated(port: int, ae: str) -> Iterator[Association]:
    entity = AE(ae)
    entity.add_requested_context(PERFORMED)
    opened = entity.associate("127.0.0.1", port, ae_title="READER")
    assert opened.is_established
    yield opened
    opened.release()


@pytest.fixture
def modality(port: int) -> Iterator[Association]:
    """An association of a modality with our door."""
    with associated(port, "MODALITY") as opened:
        yield opened


def create(modality: Association, made: Dataset, uid: str = UID) -> int:
    status, _ = modality.send_n_create(made, PERFORMED, uid)
    return int(status.Status)


def change(modality: Association, made: Dataset, uid: str = UID) -> tuple[int, str]:
    status, _ = modality.send_n_set(made, PERFORMED, uid)
    return int(status.Status), str(status.get("ErrorComment", ""))


def test_a_step_from_its_beginning_to_its_end(modality: Association, store: PerformedSteps) -> None:
    assert create(modality, steps.begun()) == 0x0000
    assert store.about("1.2.3", ()) == (Performed(UID, StepState.IN_PROGRESS),)
    assert create(modality, steps.begun()) == 0x0111
    assert change(modality, steps.ended("IN PROGRESS", ["1.1"]))[0] == 0x0000
    assert change(modality, steps.ended(PerformedSeriesSequence=None))[0] == 0x0000
    assert store.about("1.2.3", ()) == (Performed(UID, StepState.COMPLETED, ("1.1",)),)
    status, comment = change(modality, steps.ended("DISCONTINUED"))
    assert (status, comment) == (0x0110, "Performed Procedure Step Object may no longer be updated")
    assert store.about("1.2.3", ()) == (Performed(UID, StepState.COMPLETED, ("1.1",)),)


def test_only_who_began_a_step_ends_it(port: int, modality: Association, store: PerformedSteps) -> None:
    assert create(modality, steps.begun()) == 0x0000
    with associated(port, "ANOTHER") as another:
        status, comment = change(another, steps.ended("DISCONTINUED"))
    assert status == 0x0124
    assert "began this step" in comment
    assert store.about("1.2.3", ()) == (Performed(UID, StepState.IN_PROGRESS),)
    assert change(modality, steps.ended())[0] == 0x0000


def test_the_small_modality_says_what_it_has_made(
    tmp_path: Path, database: Database, store: PerformedSteps
) -> None:
    holding = ObjectHolding(Staging(Vault(tmp_path)), ImageStore(database), None, store)
    with Door(tmp_path, holding=holding) as door:
        words = ["modality", "--port", str(door.port), "--study", "1.2.3", "--films", "2", "--mpps"]
        done = CliRunner().invoke(main, words)
        assert (done.exit_code, done.output.strip()) == (0, "study 1.2.3, accession A-1: 0000, 0000")
    let_go()
    [step] = store.about("1.2.3", ())
    assert step.state is StepState.COMPLETED
    assert len(step.instances) == 2


def test_what_is_refused_leaves_nothing(modality: Association, store: PerformedSteps) -> None:
    assert create(modality, steps.begun(Modality=None)) == 0x0120
    assert create(modality, steps.begun(PerformedProcedureStepStatus="COMPLETED")) == 0x0106
    assert change(modality, steps.ended())[0] == 0x0112
    assert create(modality, steps.begun(CommentsOnThePerformedProcedureStep="x" * 300_000)) == 0x0110
    assert store.about("1.2.3", ("ACC-1",)) == ()
    assert create(modality, steps.begun()) == 0x0000, "the association has survived all of it"


def test_a_step_is_found_by_accession_number_where_none_names_the_study(
    modality: Association, store: PerformedSteps
) -> None:
    assert create(modality, steps.begun(("1.2.77",))) == 0x0000
    assert [each.uid for each in store.about("1.2.3", ("ACC-1",))] == [UID]
    assert store.about("1.2.3", ("ACC-2",)) == ()
