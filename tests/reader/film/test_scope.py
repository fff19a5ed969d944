"""What a header must say, and how ages are read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, DigitalXRayImageStorageForProcessing, SecondaryCaptureImageStorage

from server.model import Span
from server.reader.film import scope
from server.reader.film.age import ages
from server.reader.film.outside import Outside
from tests.reader.film.build import CONTRACT, made

AGES = Span(Decimal(1), Decimal("5.999"))


def reasons(born: date | None = None, **header: object) -> set[Outside]:
    return set(scope.outside(made(**header), CONTRACT, AGES, born))


def coded(designator: str, value: str) -> list[Dataset]:
    item = Dataset()
    item.CodingSchemeDesignator, item.CodeValue, item.CodeMeaning = designator, value, "as coded"
    return [item]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({}, None),
        ({"Modality": "CR"}, None),
        ({"Modality": "CT"}, Outside.MODALITY),
        ({"Modality": ""}, Outside.MODALITY),
        ({"SOPClassUID": CTImageStorage}, Outside.SOP_CLASS),
        ({"SOPClassUID": SecondaryCaptureImageStorage}, Outside.SOP_CLASS),
        ({"SOPClassUID": DigitalXRayImageStorageForProcessing}, Outside.SOP_CLASS),
        ({"BodyPartExamined": "HAND"}, Outside.BODY_PART),
        ({"BodyPartExamined": ""}, None),
        ({"AnatomicRegionSequence": coded("SCT", "51185008")}, None),
        ({"AnatomicRegionSequence": coded("SCT", "85562004")}, Outside.BODY_PART),
        ({"BodyPartExamined": "", "AnatomicRegionSequence": coded("SRT", "T-D3000")}, None),
        ({"ViewPosition": "PA"}, None),
        ({"ViewPosition": "LL"}, Outside.VIEW),
        ({"ViewPosition": "LATERAL"}, Outside.VIEW),
        ({"ViewPosition": ""}, Outside.VIEW_UNKNOWN),
        ({"ViewPosition": "", "ViewCodeSequence": coded("SCT", "399348003")}, None),
        ({"ViewCodeSequence": coded("SCT", "399067008")}, Outside.VIEW),
        ({"PatientOrientation": ["L", "F"]}, None),
        ({"PatientOrientation": ["R", "F"]}, None),
        ({"PatientOrientation": ["LF", "FR"]}, None),
        ({"PatientOrientation": ""}, None),
        ({"PatientOrientation": ["", ""]}, None),
        ({"PatientOrientation": ["A", "F"]}, Outside.VIEW),
        ({"PatientOrientation": ["P", "F"]}, Outside.VIEW),
        ({"PatientOrientation": ["F", "R"]}, Outside.VIEW),
        ({"PatientOrientation": ["L", "H"]}, Outside.VIEW),
        ({"PatientOrientation": "L"}, Outside.VIEW),
        ({"PatientAge": ""}, Outside.AGE_UNKNOWN),
        ({"PatientAge": "001Y"}, None),
        ({"PatientAge": "005Y"}, None),
        ({"PatientAge": "006Y"}, Outside.AGE),
        ({"PatientAge": "045Y"}, Outside.AGE),
        ({"PatientAge": "012M"}, None),
        ({"PatientAge": "011M"}, Outside.AGE),
        ({"PatientAge": "071M"}, None),
        ({"PatientAge": "072M"}, Outside.AGE),
        ({"PatientAge": "000Y"}, Outside.AGE_UNKNOWN),
        ({"PatientAge": "45Y", "PatientBirthDate": "20220601"}, Outside.AGE),
        ({"PatientAge": "4y"}, None),
        ({"PatientAge": "0Y"}, Outside.AGE_UNKNOWN),
        ({"PatientBirthDate": "20220601"}, None),
        ({"PatientBirthDate": "19700101"}, Outside.AGE),
        ({"PatientBirthDate": "20270101"}, Outside.AGE),
        ({"BurnedInAnnotation": "YES"}, Outside.BURNED_IN),
    ],
)
def test_the_header_decides(header: dict[str, object], reason: Outside | None) -> None:
    assert reasons(**header) == ({reason} if reason else set())


def test_what_the_case_knows_of_the_age_counts_as_well() -> None:
    assert reasons(date(1970, 1, 1)) == {Outside.AGE}
    assert reasons(date(2022, 6, 1), PatientAge="") == set()
    assert reasons(date(2022, 6, 1), PatientAge="", StudyDate="") == {Outside.AGE_UNKNOWN}


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert reasons(Modality="MR", ViewPosition="LL", PatientAge="") == {
        Outside.MODALITY,
        Outside.VIEW,
        Outside.AGE_UNKNOWN,
    }


def test_no_reason_quotes_the_header() -> None:
    assert not any("{" in reason.value for reason in Outside)


@pytest.mark.parametrize(
    ("stated", "low", "high"),
    [
        ("004Y", "4.000", "4.999"),
        ("018M", "1.500", "1.582"),
        ("052W", "0.997", "1.015"),
        ("400D", "1.095", "1.097"),
    ],
)
def test_an_age_means_a_span(stated: str, low: str, high: str) -> None:
    assert list(ages(made(PatientAge=stated), None)) == [Span(Decimal(low), Decimal(high))]


def test_loss_is_noted() -> None:
    assert scope.lossy(made(LossyImageCompression="01"))
    assert not scope.lossy(made())
