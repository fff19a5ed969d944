"""The note that withdraws what was sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from io import BytesIO
from pathlib import Path

import highdicom as hd
import pytest
from pydicom import dcmread

from server.dicom.pens.opinion import Instance, Written
from server.dicom.pens.rejection import Rejection, write_rejection
from server.dicom.pens.write_up import Choice, write_up
from server.model import Withdrawal
from tests.dicom.pens import awkward, films
from tests.dicom.pens.judges import errors, tree

SAID = Withdrawal("Dr. Ada=Lo^ng", "the model was found to be wrong", films.MADE_AT + timedelta(days=9))
VALID = awkward.valid()


@cache
def sent() -> list[Instance]:
    opinion = films.opinion()
    return [each.instance for each in write_up(opinion, Choice(capture=True), films.grey(640, 512))]


def note(why: Rejection = Rejection.SAFETY, said: Withdrawal = SAID) -> Written:
    return write_rejection(sent(), films.film(), said, "Example Hospital Trust", why=why)


@pytest.mark.parametrize(
    ("why", "title", "modifier"),
    [
        (Rejection.SAFETY, '(113037,DCM,"Rejected for Patient Safety Reasons")', False),
        (Rejection.QUALITY, '(113001,DCM,"Rejected for Quality Reasons")', True),
    ],
)
def test_the_title_says_that_it_is_rejected(
    why: Rejection, title: str, *, modifier: bool, tmp_path: Path
) -> None:
    told = tree(note(why), tmp_path)
    assert f"<CONTAINER:{title}=" in told
    line = '<has concept mod CODE:(113011,DCM,"Document Title Modifier")=(111218,DCM,"Software failure")>'
    assert (line in told) == modifier
    assert errors(note(why), tmp_path) == []


def test_it_names_all_that_was_sent_and_nothing_of_the_film(tmp_path: Path) -> None:
    written = note()
    told = tree(written, tmp_path)
    for each in sent():
        assert told.count(f'"{each.sop_instance}"') == 1
    assert "1.2.3.4.5.6.7" not in told
    document = hd.ko.KeyObjectSelectionDocument.from_dataset(dcmread(BytesIO(written.content)))
    assert {document.resolve_reference(each.sop_instance) for each in sent()} == {
        (each.study, each.series, each.sop_instance) for each in sent()
    }
    assert [line.count("IMAGE") for line in told.splitlines() if '"Source"' in line] == [1, 0, 1]


def test_it_says_who_and_why(tmp_path: Path) -> None:
    told = tree(note(), tmp_path)
    assert '(121008,DCM,"Person Observer Name")="Dr. Ada Lo ng^">' in told
    assert (
        '(113012,DCM,"Key Object Description")="AI second read withdrawn, do not use: '
        'the model was found to be wrong">' in told
    )
    written = dcmread(BytesIO(note().content))
    assert (written.Modality, written.ContentDate) == ("KO", "20260313")
    assert written.SeriesDescription.startswith("AI")


def test_the_same_withdrawal_is_the_same_note() -> None:
    assert note() == note()
    later = note(said=replace(SAID, at=SAID.at + timedelta(seconds=1)))
    assert later.instance.sop_instance != note().instance.sop_instance
    assert note(Rejection.QUALITY).instance.sop_instance != note().instance.sop_instance


@pytest.mark.parametrize("name", VALID)
def test_it_is_about_the_same_patient(name: str, tmp_path: Path) -> None:
    header = VALID[name]
    opinion = films.opinion(film=header)
    named = [each.instance for each in write_up(opinion, Choice())]
    written = write_rejection(named, header, SAID, "Trust")
    assert errors(written, tmp_path) == []
    assert str(dcmread(BytesIO(written.content)).PatientID) == str(header.get("PatientID") or "")


def test_a_note_on_nothing_or_on_another_study_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one object"):
        write_rejection([], films.film(), SAID, "Trust")
    with pytest.raises(ValueError, match="own study"):
        write_rejection(sent(), films.film(StudyInstanceUID="1.2.3.99"), SAID, "Trust")
