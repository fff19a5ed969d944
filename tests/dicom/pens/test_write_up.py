"""All objects of an opinion, judged by others' programs and by each other."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from server.dicom.pens.capture import write_capture
from server.dicom.pens.opinion import FilmOpinion, Written
from server.dicom.pens.parametric_map import write_map
from server.dicom.pens.rejection import write_rejection
from server.dicom.pens.structured_report import write_report
from server.dicom.pens.write_up import Choice, write_up
from server.dicom.upper.answer import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from server.model import Answer, Withdrawal
from tests.dicom.pens import awkward, films
from tests.dicom.pens.judges import errors

ALL = Choice(map=True, capture=True)
VALID, INVALID = awkward.valid(), awkward.invalid()
FILMS = VALID | INVALID
READS = {
    "present": films.read(),
    "absent": films.read(Answer.ABSENT, 0.04),
    "no answer": films.read(None, None),
    "between": films.read(None, 0.5),
    "without a number": films.read(Answer.PRESENT, None),
}


def everything(opinion: FilmOpinion) -> tuple[Written, ...]:
    return write_up(opinion, ALL, films.grey(opinion.film.Rows, opinion.film.Columns))


@cache
def everything_of(name: str) -> tuple[Written, ...]:
    """Written once for all tests that only look at it."""
    return everything(films.opinion(film=FILMS[name]))


def reread(written: Written) -> Dataset:
    return dcmread(BytesIO(written.content))


@pytest.mark.parametrize("mapped", [True, False], ids=["map", "no map"])
@pytest.mark.parametrize("said", READS)
def test_every_answer_gives_valid_objects(said: str, *, mapped: bool, tmp_path: Path) -> None:
    opinion = films.opinion(read=READS[said])
    made = everything(opinion if mapped else replace(opinion, attribution=None))
    answered = READS[said].answer is not None
    assert len(made) == (3 if mapped and answered else 2)
    assert [errors(each, tmp_path) for each in made] == [[]] * len(made)


@pytest.mark.parametrize("name", VALID)
def test_every_valid_film_gives_valid_objects(name: str, tmp_path: Path) -> None:
    made = everything_of(name)
    assert [errors(each, tmp_path) for each in made] == [[], [], []]


def test_a_decline_of_an_object_of_a_vendors_own_class_is_written_too(tmp_path: Path) -> None:
    """What is imported may be of any class; the library knows those of the standard."""
    own = films.film(SOPClassUID="1.3.46.670589.11.0.0.12.2")
    made = write_up(films.opinion(film=own, read=READS["no answer"]), Choice(map=True))
    assert [errors(each, tmp_path) for each in made] == [[]]


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_film_is_written_of_all_the_same(name: str, tmp_path: Path) -> None:
    """What the judge then finds wrong is what the film itself said of the patient and the study."""
    made = everything_of(name)
    wrong = [line for each in made for line in errors(each, tmp_path)]
    told = ("PatientID", "PatientSex", "PatientName", "StudyDate", "StudyTime")
    assert [line for line in wrong if not any(f"</{keyword}(" in line for keyword in told)] == []


@pytest.mark.parametrize("name", FILMS)
def test_the_same_opinion_gives_the_same_bytes(name: str) -> None:
    assert everything(films.opinion(film=FILMS[name])) == everything_of(name)


def test_another_process_writes_the_same_bytes() -> None:
    """Where sets and texts hash otherwise."""
    told = """
from tests.dicom.pens import films
from tests.dicom.pens.test_write_up import everything
print(*(each.instance.sop_instance for each in everything(films.opinion())))
"""
    other = subprocess.run(
        [sys.executable, "-c", told],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.split() == [each.instance.sop_instance for each in everything(films.opinion())]


def test_objects_that_differ_never_share_a_name() -> None:
    opinion = films.opinion()
    others = (
        opinion,
        replace(opinion, words="AI second read, not verified by a clinician: other words."),
        replace(opinion, read=replace(opinion.read, made_at=films.MADE_AT + timedelta(seconds=1))),
        replace(opinion, read=replace(opinion.read, input_digest="ef" * 32)),
        replace(opinion, card=replace(opinion.card, model_digest="01" * 32)),
        replace(opinion, operator="Another Trust"),
    )
    by_name: dict[str, set[bytes]] = {}
    for each in others:
        for written in everything(each):
            by_name.setdefault(written.instance.sop_instance, set()).add(written.content)
    assert all(len(contents) == 1 for contents in by_name.values())
    assert len(by_name) > len(others)


def test_what_is_referred_to_is_sent_first_and_named_right() -> None:
    shown, report, capture = everything(films.opinion())
    assert [each.instance.sop_class for each in (shown, report, capture)] == [
        "1.2.840.10008.5.1.4.1.1.30",
        "1.2.840.10008.5.1.4.1.1.88.34",
        "1.2.840.10008.5.1.4.1.1.7",
    ]
    for each in (shown, report, capture):
        found = reread(each)
        meta = found.file_meta
        assert each.instance.sop_instance == found.SOPInstanceUID == meta.MediaStorageSOPInstanceUID
        assert each.instance.sop_class == found.SOPClassUID == meta.MediaStorageSOPClassUID
        assert (each.instance.series, each.instance.study) == (
            found.SeriesInstanceUID,
            found.StudyInstanceUID,
        )
    assert len({each.instance.series for each in (shown, report, capture)}) == 3


def test_a_destination_gets_what_it_takes() -> None:
    opinion, grey = films.opinion(), films.grey(640, 512)
    assert [each.instance.sop_class[-2:] for each in write_up(opinion, Choice(map=False))] == ["34"]
    assert len(write_up(opinion, Choice())) == 2
    assert len(write_up(opinion, Choice(map=False, capture=True), grey)) == 2
    with pytest.raises(ValueError, match="8-bit grey"):
        write_up(opinion, ALL)


def test_every_object_says_that_a_program_wrote_it() -> None:
    """IHE AIR 6.5.3.1: the same four values wherever the algorithm is named."""
    for each in map(reread, everything(films.opinion())):
        assert each.SeriesDescription.startswith("AI")
        (item,) = each.ContributingEquipmentSequence
        assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "109102"
        for keyword in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "DeviceUID"):
            assert item[keyword].value == each[keyword].value != ""


def test_nothing_of_another_opinion_is_carried_over() -> None:
    """A film's header may tell what its first reader thought, and who that was."""
    telling = {
        "NameOfPhysiciansReadingStudy": "Tell^Tale", "PhysiciansOfRecord": "Tell^Tale",
        "InterpretationAuthor": "Tell^Tale", "ImageComments": "TELL-TALE", "StudyComments": "TELL-TALE",
        "AdmittingDiagnosesDescription": "TELL-TALE", "AdditionalPatientHistory": "TELL-TALE",
        "ReasonForStudy": "TELL-TALE", "InterpretationText": "TELL-TALE", "SeriesDescription": "TELL-TALE",
        "PatientComments": "TELL-TALE", "ReasonForPerformedProcedureCodeSequence":
        [awkward.code("TELL-TALE", "99", "TELL-TALE")],
    }  # fmt: skip
    header = films.film(**telling)
    header.private_block(0x0009, "TELL-TALE", create=True).add_new(1, "LO", "TELL-TALE")
    for each in everything(films.opinion(film=header)):
        assert b"TALE" not in each.content.upper()


def test_the_header_handed_in_is_left_as_it_was() -> None:
    header = films.film()
    before = header.to_json()
    everything(films.opinion(film=header))
    assert header.to_json() == before


def test_pixels_of_the_film_are_no_part_of_what_is_written_in_words() -> None:
    header = films.film()
    header.PixelData = b"\x01\x02" * (640 * 512)
    header["PixelData"].VR = "OW"
    with_pixels = write_up(films.opinion(film=header), Choice())
    assert with_pixels == write_up(films.opinion(), Choice())


def test_files_name_us_as_our_associations_do() -> None:
    for each in map(reread, everything(films.opinion())):
        assert each.file_meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
        assert each.file_meta.ImplementationVersionName == IMPLEMENTATION_VERSION_NAME


@pytest.mark.parametrize("name", INVALID)
def test_nothing_that_a_film_says_is_logged(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """pydicom looks at a value when it is first asked for, and quotes it where it does not like it."""
    stream = BytesIO()
    with disable_value_validation():
        INVALID[name].save_as(stream, implicit_vr=False, little_endian=True)
    said = Withdrawal("somebody", "for a reason", films.MADE_AT)
    pens: tuple[Callable[[FilmOpinion], object], ...] = (
        write_report,
        write_map,
        lambda opinion: write_capture(opinion, films.grey(640, 512)),
        lambda opinion: write_rejection([opinion.film_instance], opinion.film, said, "Trust"),
    )
    for pen in pens:
        pen(films.opinion(film=dcmread(BytesIO(stream.getvalue()), force=True)))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
