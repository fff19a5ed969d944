"""Identifiers: read in each encoding as others write them, written so that others read them."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.filereader import read_dataset
from pynetdicom.dsutils import encode

from server.dicom.query.asked import asked, retrieved
from server.dicom.query.identifier import Identifier, read, write
from server.dicom.upper.negotiation import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from server.errors import Fault
from server.image_search import Level, OneOf, Within
from tests.dicom.query.ward import dataset

SYNTAXES = (IMPLICIT_LITTLE, EXPLICIT_LITTLE)


def encoded(made: Dataset, syntax: str) -> bytes:
    data = encode(made, syntax == IMPLICIT_LITTLE, True)
    assert data is not None
    return data


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize(
    ("charset", "name"),
    [("ISO_IR 100", "Müller^Ada"), ("ISO_IR 192", "Weiß^日本"), ("ISO_IR 144", "Жук^Юля"), ("", "Plain^Jo"),
     (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎")],
)  # fmt: skip
def test_what_others_write_is_read(syntax: str, charset: Any, name: str, *, undefined: bool) -> None:
    inner = dataset(Modality="CT", ScheduledPerformingPhysicianName=name)
    made = dataset(PatientName=name, StudyInstanceUID=["1.2", "1.3"], Rows=7, AccessionNumber="")
    if charset:
        made.SpecificCharacterSet = charset
    made.ScheduledProcedureStepSequence = [inner]
    made["ScheduledProcedureStepSequence"].is_undefined_length = undefined
    inner.is_undefined_length_sequence_item = undefined
    found = read(encoded(made, syntax), syntax)
    assert found.values[0x00100010] == name
    assert found.values[0x0020000D] == "1.2\\1.3"
    assert (found.values[0x00280010], found.values[0x00080050]) == ("0700", "")
    (item,) = found.items[0x00400100]
    assert item.values == {0x00080060: "CT", 0x00400006: name}
    assert name not in repr(found)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_cut_is_refused_or_shorter(syntax: str) -> None:
    """Of what is cut short nothing is made up."""
    made = dataset(PatientName="A^B", StudyInstanceUID="1.2")
    made.ScheduledProcedureStepSequence = [dataset(Modality="CT")]
    whole = encoded(made, syntax)
    full = read(whole, syntax)
    shorter = 0
    for end in range(len(whole)):
        try:
            found = read(whole[:end], syntax)
        except Fault:
            continue
        shorter += 1
        assert found.values.items() <= full.values.items()
    assert shorter == 3


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("name", ["Plain^Jo", "Weiß^日本"])
def test_what_is_written_others_read(syntax: str, name: str) -> None:
    told = {
        0x00100010: [name],
        0x0020000D: ["1.2.3"],
        0x00280010: ["512"],
        0x00080061: ["CT", "SR"],
        0x00400100: [{0x00080060: ["CT"], 0x00400007: []}],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_dataset(BytesIO(write(told, syntax)), syntax == IMPLICIT_LITTLE, True)
        assert str(found.PatientName) == name
        assert (found.StudyInstanceUID, found.Rows, list(found.ModalitiesInStudy)) == (
            "1.2.3",
            512,
            ["CT", "SR"],
        )
        assert found.ScheduledProcedureStepSequence[0].Modality == "CT"
    assert ("SpecificCharacterSet" in found) is (not name.isascii())
    assert len(write(told, syntax)) % 2 == 0


def identifier(**keys: str) -> Identifier:
    return Identifier({tag_for_keyword(keyword) or 0: value for keyword, value in keys.items()})


def test_what_is_asked() -> None:
    found = asked(
        identifier(QueryRetrieveLevel="SERIES", StudyInstanceUID="1.2", Modality="", StudyDate="20260101-"),
        Level.STUDY,
    )
    assert found.level is Level.SERIES
    assert found.meeting == (OneOf("StudyInstanceUID", ("1.2",)), Within("StudyDate", "20260101", ""))
    assert not found.unsupported
    assert asked(identifier(QueryRetrieveLevel="STUDY", Modality="CT"), Level.STUDY).unsupported
    private = Identifier({0x00080052: "STUDY", 0x00091001: "x"})
    assert asked(private, Level.STUDY).unsupported
    lengths = Identifier({0x00080000: "", 0x00080052: "STUDY"})
    assert not asked(lengths, Level.STUDY).unsupported, "group lengths are no keys (PS3.5 7.2)"


def test_what_is_retrieved() -> None:
    keys = {"PatientID": "P", "StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.3\\1.4"}
    level, meeting = retrieved(identifier(QueryRetrieveLevel="SERIES", **keys), Level.PATIENT)
    assert level is Level.SERIES
    assert meeting == (
        OneOf("PatientID", ("P",)),
        OneOf("StudyInstanceUID", ("1.2",)),
        OneOf("SeriesInstanceUID", ("1.3", "1.4")),
    )
