"""The content of the report, read by a program of others and by highdicom."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import highdicom as hd
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from server.dicom.pens.findings import certainty
from server.dicom.pens.opinion import FilmOpinion, Instance
from server.dicom.pens.structured_report import write_report
from server.dicom.pens.uids import device_uid, tracking_uid
from server.model import Answer, Coding
from tests.dicom.pens import awkward, films
from tests.dicom.pens.judges import tree

MAP = Instance("1.2.840.10008.5.1.4.1.1.30", "2.25.42", "2.25.43", "1.2.3.4.5")
FILMS = awkward.valid() | awkward.invalid()
FINDING = '<contains CODE:(121071,DCM,"Finding")=(233604007,SCT,"Pneumonia")>'
EVALUATED = '<contains CODE:(233604007,SCT,"Pneumonia")=({})>'


def report(opinion: FilmOpinion, shown: Instance | None = None) -> Dataset:
    return dcmread(BytesIO(write_report(opinion, shown).content))


@pytest.mark.parametrize(
    ("answer", "probability", "evaluated", "certain"),
    [
        (Answer.PRESENT, 0.91, '52101004,SCT,"Present"', "91.0"),
        (Answer.ABSENT, 0.04, '2667000,SCT,"Absent"', "96.0"),
        (Answer.PRESENT, None, '52101004,SCT,"Present"', None),
        (None, 0.5, '373068000,SCT,"Undetermined"', None),
        (None, None, '373068000,SCT,"Undetermined"', None),
    ],
)
def test_the_answer_is_told_once_for_the_film_and_once_for_the_report(
    answer: Answer | None, probability: float | None, evaluated: str, certain: str | None, tmp_path: Path
) -> None:
    opinion = films.opinion(read=films.read(answer, probability))
    told = tree(write_report(opinion), tmp_path)
    assert told.count(EVALUATED.format(evaluated)) == 2
    assert told.count('CODE:(233604007,SCT,"Pneumonia")') == 2
    assert (FINDING in told) == (answer is Answer.PRESENT)
    assert ("(111012,DCM" in told) == (certain is not None)
    if certain is not None:
        assert f'<contains NUM:(111012,DCM,"Certainty of Finding")="{certain}" (%,UCUM,"Percent")>' in told
    assert f'<contains TEXT:(121077,DCM,"Conclusion")="{opinion.words}">' in told


def test_nobody_answers_for_it_yet() -> None:
    written = report(films.opinion())
    assert (written.CompletionFlag, written.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert written.PreliminaryFlag == "PRELIMINARY"
    assert "VerifyingObserverSequence" not in written
    assert (written.Modality, written.SeriesDescription) == (
        "SR",
        "AI second read, not verified by a clinician",
    )


def test_the_device_is_named_alike_wherever_it_is_named(tmp_path: Path) -> None:
    """IHE AIR 6.5.3.1 against TID 1004 and TID 4019."""
    opinion = films.opinion()
    told, written = tree(write_report(opinion), tmp_path), report(opinion)
    (item,) = written.ContributingEquipmentSequence
    values = {
        item.Manufacturer: (
            '(121014,DCM,"Device Observer Manufacturer")',
            '(122405,DCM,"Algorithm Manufacturer")',
        ),
        item.ManufacturerModelName: (
            '(121015,DCM,"Device Observer Model Name")',
            '(111001,DCM,"Algorithm Name")',
        ),
        item.SoftwareVersions: ('(111003,DCM,"Algorithm Version")',),
        item.DeviceUID: ('(121012,DCM,"Device Observer UID")',),
    }
    for value, names in values.items():
        for name in names:
            assert f'{name}="{value}">' in told
    assert item.DeviceUID == device_uid(opinion.card)
    assert '<has obs context CODE:(121005,DCM,"Observer Type")=(121007,DCM,"Device")>' in told
    assert (
        '<has concept mod CODE:(111000,DCM,"Algorithm Family")=(123110,DCM,"Artificial Intelligence")>'
        in told
    )


def test_a_model_with_other_bytes_is_another_device() -> None:
    card = films.CARD
    assert device_uid(card) != device_uid(replace(card, model_digest="01" * 32))
    assert device_uid(card) != device_uid(replace(card, version="1.0.1"))
    assert device_uid(card) == device_uid(replace(card, title="Another title"))


def test_all_that_is_referred_to_stands_in_the_evidence() -> None:
    opinion = films.opinion()
    written = report(opinion, MAP)
    (study,) = written.CurrentRequestedProcedureEvidenceSequence
    listed = {
        (item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID, series.SeriesInstanceUID)
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
    assert listed == {(each.sop_class, each.sop_instance, each.series) for each in (*opinion.evidence, MAP)}
    assert referred(written) <= {instance for _, instance, _ in listed}
    assert referred(written) >= {opinion.film_instance.sop_instance, MAP.sop_instance}


def test_an_earlier_study_that_was_looked_at_is_other_evidence() -> None:
    prior = Instance(films.CR, "1.9.1", "1.9.2", "1.9.3")
    written = report(films.opinion(looked_at=(prior,)))
    (study,) = written.PertinentOtherEvidenceSequence
    assert study.StudyInstanceUID == prior.study


def referred(item: Dataset) -> set[str]:
    """SOP Instance UIDs in the tree of content."""
    found = {each.ReferencedSOPInstanceUID for each in item.get("ReferencedSOPSequence", ())}
    return found.union(*(referred(each) for each in item.get("ContentSequence", ())))


def test_the_map_hangs_from_the_group_that_it_explains(tmp_path: Path) -> None:
    opinion = films.opinion()
    line = '      <contains IMAGE:(130401,DCM,"Visual explanation")=(PM image,"2.25.42")>'
    assert line in tree(write_report(opinion, MAP), tmp_path)
    assert "130401" not in tree(write_report(opinion), tmp_path)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("plain", '(363680008,SCT,"Radiographic imaging procedure")'),
        ("own procedure", '(RTHO1,99KIS,"Thorax a.p.")'),
        ("requested procedure", '(36554-4,LN,"XR Chest Single view")'),
        ("withdrawn code", '(363680008,SCT,"Radiographic imaging procedure")'),
        ("half a code", '(363680008,SCT,"Radiographic imaging procedure")'),
    ],
)
def test_the_procedure_is_the_films_own(name: str, line: str, tmp_path: Path) -> None:
    told = tree(write_report(films.opinion(film=FILMS[name])), tmp_path)
    assert f'<has concept mod CODE:(121058,DCM,"Procedure reported")={line}>' in told


@pytest.mark.parametrize(
    ("name", "there", "missing"),
    [
        ("plain", ['(CR,DCM,"Computed Radiography")', '(399348003,SCT,"antero-posterior")', '"512.0"'], []),
        ("chest", ['(272479007,SCT,"postero-anterior")'], []),
        ("digital", ['(DX,DCM,"Digital Radiography")'], []),
        ("no orientation", [], ["Patient Orientation"]),
        ("directions in words", [], ["Patient Orientation"]),
        ("no spacing", [], ["Pixel Spacing"]),
        ("spacing at the body", ['"Horizontal Pixel Spacing")="0.139"'], ["0.143"]),
        ("has a place", ['"Frame of Reference UID")="1.2.3.44"'], []),
    ],
)
def test_the_library_describes_the_film(
    name: str, there: list[str], missing: list[str], tmp_path: Path
) -> None:
    told = tree(write_report(films.opinion(film=FILMS[name])), tmp_path)
    library = told[told.index("Image Library") : told.index("Imaging Measurements")]
    assert [line for line in there if line not in library] == []
    assert [line for line in missing if line in library] == []


@pytest.mark.parametrize("answer", [Answer.PRESENT, Answer.ABSENT, None])
def test_highdicom_reads_it_as_a_measurement_report(answer: Answer | None) -> None:
    opinion = films.opinion(read=films.read(answer, 0.91 if answer else None))
    read = hd.sr.srread(BytesIO(write_report(opinion, MAP).content))
    assert isinstance(read, hd.sr.Comprehensive3DSR)
    (group,) = read.content.get_image_measurement_groups()
    assert group.tracking_uid == tracking_uid(opinion.read)
    evaluated = {each.name.value: each.value for each in group.get_qualitative_evaluations()}
    assert evaluated["233604007"].meaning == (answer.value.title() if answer else "Undetermined")
    assert len(group.get_measurements()) == (1 if answer else 0)
    assert [each.referenced_sop_instance_uid for each in group.source_images] == ["1.2.3.4.5.6.7"]


@pytest.mark.parametrize(
    ("answer", "probability", "held"),
    [
        (Answer.PRESENT, 0.91, Decimal("91.0000")),
        (Answer.ABSENT, 0.04, Decimal("96.0000")),
        (Answer.PRESENT, 1 / 3, Decimal("33.3300")),
        (None, 0.5, None),
        (Answer.ABSENT, None, None),
    ],
)
def test_certainty_is_that_of_the_answer(
    answer: Answer | None, probability: float | None, held: Decimal | None
) -> None:
    assert certainty(films.read(answer, probability)) == held


def test_one_question_on_one_film_is_tracked_whoever_answers() -> None:
    read = films.read()
    assert tracking_uid(read) == tracking_uid(replace(read, card="another@2", answer=Answer.ABSENT))
    assert tracking_uid(read) != tracking_uid(replace(read, input_digest="ef" * 32))


def test_a_finding_that_dicom_cannot_code_is_refused() -> None:
    card = replace(films.CARD, finding=Coding("https://example.org/own", "x1", "Own"))
    with pytest.raises(ValueError, match="must be from one of"):
        write_report(films.opinion(card=card))


def test_long_words_of_a_card_are_cut_to_what_their_place_holds() -> None:
    finding = Coding("http://snomed.info/sct", "233604007", "P" * 90)
    written = report(films.opinion(card=replace(films.CARD, finding=finding, manufacturer="M\\" * 60)))
    assert len(written.Manufacturer) == 64
    assert "\\" not in written.Manufacturer
