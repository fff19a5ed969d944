"""Whom an object is about: as the film says it, to the letter."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.config import disable_value_validation
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from server.dicom.pens.heading import clock, head, items, local
from server.dicom.pens.structured_report import write_report
from tests.dicom.pens import awkward, films

IDENTIFYING = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID")
VALID, INVALID = awkward.valid(), awkward.invalid()


def report(header: Dataset) -> Dataset:
    return dcmread(BytesIO(write_report(films.opinion(film=header)).content))


@pytest.mark.parametrize("name", [*VALID, "long id", "written by hand"])
def test_names_and_numbers_arrive_unchanged_whatever_the_script(name: str) -> None:
    header = (VALID | INVALID)[name]
    written = report(header)
    assert written.SpecificCharacterSet == "ISO_IR 192"
    with disable_value_validation():
        for keyword in IDENTIFYING:
            assert str(written[keyword].value) == str(header.get(keyword) or ""), keyword
    assert written.StudyInstanceUID == header.StudyInstanceUID


def test_all_groups_of_a_name_are_kept() -> None:
    name = report(VALID["chrH31"]).PatientName
    assert (name.alphabetic, name.ideographic, name.phonetic) == (
        "Yamada^Tarou",
        "山田^太郎",
        "やまだ^たろう",
    )


def test_issuers_are_copied_whole() -> None:
    written = report(VALID["issuers"])
    for holder in (written, written.ReferencedRequestSequence[0]):
        (issuer,) = holder.IssuerOfAccessionNumberSequence
        assert (issuer.LocalNamespaceEntityID, issuer.UniversalEntityID) == ("RIS-Süd", "1.2.3.99")
    assert written.IssuerOfPatientID == "KLINIK"
    assert written.IssuerOfPatientIDQualifiersSequence[0].UniversalEntityIDType == "ISO"
    assert written.ReferencedRequestSequence[0].AccessionNumber == "A-77"


def test_private_parts_of_an_issuer_stay_where_they_are() -> None:
    issuer = awkward.issuer()
    issuer.private_block(0x0041, "OTHERS", create=True).add_new(1, "LO", "their own")
    header = films.film(IssuerOfAccessionNumberSequence=[issuer])
    assert not [each for each in report(header).IssuerOfAccessionNumberSequence[0] if each.tag.is_private]


def test_what_stood_there_before_does_not_stay() -> None:
    written = Dataset()
    written.PatientID, written.PatientAge, written.IssuerOfPatientID = "another", "099Y", "ELSEWHERE"
    head(written, awkward.without("IssuerOfPatientID"))
    assert written.PatientID == "4711"
    assert "PatientAge" not in written
    assert "IssuerOfPatientID" not in written


def test_sequences_that_cannot_be_read_are_none() -> None:
    header = awkward.raw(IssuerOfPatientIDQualifiersSequence=b"123456", ProcedureCodeSequence=b"Thorax")
    assert items(header, "ProcedureCodeSequence") == []
    header.add(DataElement("ProcedureCodeSequence", "LO", "Thorax"))
    assert items(header, "ProcedureCodeSequence") == []
    assert "IssuerOfPatientIDQualifiersSequence" not in report(header)


@pytest.mark.parametrize(
    ("said", "offset"),
    [
        ("+0530", timedelta(hours=5, minutes=30)),
        ("-0800", -timedelta(hours=8)),
        ("+0000", timedelta()),
        ("+1400", timedelta(hours=14)),
        ("+1500", None),
        ("+9900", None),
        ("0530", None),
        ("", None),
        (None, None),
    ],
)
def test_the_clock_of_a_film(said: str | None, offset: timedelta | None) -> None:
    header = films.film()
    if said is not None:
        header.TimezoneOffsetFromUTC = said
    found = clock(header)
    assert (found and found.utcoffset(None)) == offset
    assert ("TimezoneOffsetFromUTC" in report(header)) == (offset is not None)


def test_times_are_those_of_the_clock_beside_the_film() -> None:
    """Our moment is read beside the study's own times, which may not say where their clock stood."""
    india = local(films.MADE_AT, VALID["another clock"], UTC)
    assert (india.day, india.hour, india.minute) == (5, 5, 0)
    here = local(films.MADE_AT, films.film(), timezone(timedelta(hours=1)))
    assert (here.day, here.hour) == (5, 0)
    written = report(VALID["another clock"])
    assert (written.ContentDate, written.ContentTime) == ("20260305", "050015.250000")
    assert written.InstanceCreationDate == "20260305"
