"""Searching DICOM objects: each kind of matching, at each level, in a stable order, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.image_search import Level, Like, Meets, OneOf, Wanted, Within
from server.images import ImageObject, Named
from server.store.database import Database
from server.store.image_search import OWN, ImageFinder
from server.store.images import ImageStore
from tests.store.nouns import AT, later

pytestmark = pytest.mark.both_databases
CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.33"


def made(sop: str, series: str, named: Named, **header: str) -> ImageObject:
    return ImageObject(
        sop_instance=sop,
        sop_class=SR if header["Modality"] == "SR" else CT,
        series=series,
        transfer_syntax="1.2.840.10008.1.2.1",
        named=named,
        digest=sop.ljust(64, "0"),
        file="f" * 64,
        size=1,
        received_at=AT,
        source="stow:",
        header=header,
    )


ADA = {
    "PatientName": "Müller^Ada^^=山田^太郎", "StudyDate": "20260105", "StudyTime": "0930", "StudyID": "S_1",
    "ReferringPhysicianName": "House^Gregory", "PatientBirthDate": "19700101",
}  # fmt: skip
BOB = {"PatientName": "Moss^Bob", "StudyDate": "20251224", "StudyTime": "235959.5", "StudyID": "SX1"}
ONE, TWO, THREE = Named("1.1", "P1", "HOSP", "A1"), Named("1.2", "p1", "", "A[2]"), Named("1.3")
OBJECTS = (
    made("1.1.1.1", "1.1.1", ONE, Modality="CT", SeriesNumber="1", InstanceNumber="2", **ADA),
    made("1.1.1.2", "1.1.1", ONE, Modality="CT", SeriesNumber="1", InstanceNumber="1", **ADA),
    made("1.1.2.1", "1.1.2", ONE, Modality="SR", SeriesNumber="99", **ADA),
    made("1.2.1.1", "1.2.1", TWO, Modality="CT", SeriesNumber="1", InstanceNumber="1", **BOB),
    made("1.3.1.1", "1.3.1", THREE, Modality="MR", PerformedProcedureStepStartDate="20260201"),
)


@pytest.fixture
def finder(database: Database) -> ImageFinder:
    store = ImageStore(database)
    for number, each in enumerate(OBJECTS):
        store.hold(replace(each, received_at=later(seconds=number)))
    return ImageFinder(database)


def uids(finder: ImageFinder, level: Level, *meeting: Meets, limit: int = 10, offset: int = 0) -> list[str]:
    found = finder.find(Wanted(level, meeting, limit, offset))
    name = {Level.STUDY: "named", Level.SERIES: "series", Level.INSTANCE: "sop_instance"}[level]
    values = [getattr(each.first, name) for each in found]
    return [each.study if isinstance(each, Named) else each for each in values]


ALL = ["1.1", "1.2", "1.3"]


@pytest.mark.parametrize(
    ("meets", "studies"),
    [
        (OneOf("StudyInstanceUID", ("1.3", "1.1", "9.9")), ["1.1", "1.3"]),
        (OneOf("PatientID", ("P1",)), ["1.1"]),
        (Like("PatientID", "P*"), ["1.1"]),
        (Like("PatientID", "?1"), ["1.1", "1.2"]),
        (OneOf("IssuerOfPatientID", ("HOSP",)), ["1.1"]),
        (OneOf("AccessionNumber", ("A1",)), ["1.1"]),
        (Like("AccessionNumber", "A[*"), ["1.2"]),
        (Like("AccessionNumber", "A%"), []),
        (Like("StudyID", "S_*"), ["1.1"]),
        (OneOf("PatientName", ("müller^ada",)), ["1.1"]),
        (OneOf("PatientName", ("Müller",)), []),
        (Like("PatientName", "M*"), ["1.1", "1.2"]),
        (Like("PatientName", "MÜLLER*"), ["1.1"]),
        (Like("PatientName", "山田*"), ["1.1"]),
        (Like("ReferringPhysicianName", "*greg*"), ["1.1"]),
        (Within("StudyDate", "20260101", "20260131"), ["1.1"]),
        (Within("StudyDate", "", "20251231"), ["1.2"]),
        (Within("StudyDate", "20251224", ""), ["1.1", "1.2"]),
        (Within("StudyDate", "20260105", "20260105"), ["1.1"]),
        (Within("StudyTime", "09", "09"), ["1.1"]),
        (Within("StudyTime", "2359", "235959"), ["1.2"]),
        (OneOf("ModalitiesInStudy", ("SR",)), ["1.1"]),
        (OneOf("ModalitiesInStudy", ("SR", "MR")), ["1.1", "1.3"]),
        (Like("ModalitiesInStudy", "?R"), ["1.1", "1.3"]),
        (Within("PatientBirthDate", "19700101", "19700101"), ["1.1"]),
    ],
)
def test_studies_are_matched(finder: ImageFinder, meets: Meets, studies: list[str]) -> None:
    assert uids(finder, Level.STUDY, meets) == studies


@pytest.mark.parametrize(
    ("level", "meets", "found"),
    [
        (Level.SERIES, OneOf("Modality", ("CT",)), ["1.1.1", "1.2.1"]),
        (Level.SERIES, OneOf("SeriesNumber", ("01",)), ["1.1.1", "1.2.1"]),
        (Level.SERIES, OneOf("SeriesInstanceUID", ("1.1.2",)), ["1.1.2"]),
        (Level.SERIES, OneOf("PatientID", ("P1",)), ["1.1.1", "1.1.2"]),
        (Level.SERIES, Within("PerformedProcedureStepStartDate", "20260201", ""), ["1.3.1"]),
        (Level.INSTANCE, OneOf("SOPInstanceUID", ("1.1.1.2",)), ["1.1.1.2"]),
        (Level.INSTANCE, OneOf("SOPClassUID", (SR,)), ["1.1.2.1"]),
        (Level.INSTANCE, OneOf("InstanceNumber", ("1",)), ["1.1.1.2", "1.2.1.1"]),
        (Level.INSTANCE, OneOf("SeriesInstanceUID", ("1.1.1",)), ["1.1.1.1", "1.1.1.2"]),
        (Level.INSTANCE, OneOf("SOPInstanceUID", ()), []),
    ],
)
def test_series_and_instances_are_matched(
    finder: ImageFinder, level: Level, meets: Meets, found: list[str]
) -> None:
    assert uids(finder, level, meets) == found


def test_several_tests_hold_together(finder: ImageFinder) -> None:
    both = (Like("PatientName", "m*"), OneOf("ModalitiesInStudy", ("SR",)))
    assert uids(finder, Level.STUDY, *both) == ["1.1"]


def test_pages_are_stretches_of_one_order(finder: ImageFinder, database: Database) -> None:
    assert uids(finder, Level.STUDY) == ALL
    assert uids(finder, Level.STUDY, limit=2) == ALL[:2]
    ImageStore(database).hold(made("1.0.1.1", "1.0.1", Named("1.0"), Modality="CT"))
    assert uids(finder, Level.STUDY, limit=2, offset=2) == ["1.3", "1.0"], "what comes later stands behind"
    assert uids(finder, Level.STUDY, offset=4) == []


def test_what_belongs_to_a_study_is_counted(finder: ImageFinder) -> None:
    (study,) = finder.find(Wanted(Level.STUDY, (OneOf("PatientID", ("P1",)),), 10))
    assert (study.series, study.instances, study.modalities) == (2, 3, ("CT", "SR"))
    first, second = finder.find(Wanted(Level.SERIES, (OneOf("PatientID", ("P1",)),), 10))
    assert (first.instances, second.instances) == (2, 1)


def test_a_uid_names_what_came_first_under_it(finder: ImageFinder, database: Database) -> None:
    ImageStore(database).hold(replace(OBJECTS[0], digest="e" * 64, file="e" * 64))
    found = finder.objects("1.1", "1.1.1", "1.1.1.1")
    assert [each.file for each in found] == ["f" * 64]
    (study,) = finder.find(Wanted(Level.STUDY, (OneOf("PatientID", ("P1",)),), 10))
    assert study.instances == 3


def test_what_this_server_made_is_not_served(finder: ImageFinder, database: Database) -> None:
    mine = made("1.1.9.1", "1.1.9", ONE, Modality="SR")
    ImageStore(database).hold(replace(mine, source=f"{OWN}case"))
    alone = made("7.1.1", "7.1", Named("7"), Modality="SR")
    ImageStore(database).hold(replace(alone, source=f"{OWN}case"))
    assert finder.objects("1.1", "1.1.9") == ()
    assert uids(finder, Level.SERIES, OneOf("StudyInstanceUID", ("1.1",))) == ["1.1.1", "1.1.2"]
    assert uids(finder, Level.INSTANCE, OneOf("SOPInstanceUID", ("1.1.9.1",))) == []
    assert uids(finder, Level.STUDY) == ALL


def test_objects_come_in_the_order_in_which_they_came(finder: ImageFinder) -> None:
    assert [each.sop_instance for each in finder.objects("1.1")] == ["1.1.1.1", "1.1.1.2", "1.1.2.1"]
    assert [each.sop_instance for each in finder.objects("1.1", "1.1.2")] == ["1.1.2.1"]
    assert finder.objects("1.2", "1.1.1") == ()
