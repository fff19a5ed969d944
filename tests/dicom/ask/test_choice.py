"""Which studies are priors: of the same patient and issuer, earlier, of a modality that was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from server.dicom.ask import Match
from server.dicom.ask.choice import choose, wanted

ABOUT: dict[str, Any] = {
    "study": "1.2.3",
    "patient_id": "P-1",
    "issuer": "HOSPITAL",
    "made": "20260105",
    "time": "080000",
    "since": "20250105",
    "accessions": ["A-1"],
    "at_most": 2,
    "modalities": ["CR", "DX"],
}
FOUND = {
    "StudyInstanceUID": "1.2.9",
    "PatientID": "P-1",
    "IssuerOfPatientID": "HOSPITAL",
    "StudyDate": "20251001",
    "StudyTime": "",
    "AccessionNumber": "A-0",
    "ModalitiesInStudy": "SR\\CR",
}


def found(**more: str) -> Match:
    return FOUND | more


def test_the_patient_is_asked_for_with_the_issuer() -> None:
    assert wanted(ABOUT) == {
        "PatientID": "P-1",
        "IssuerOfPatientID": "HOSPITAL",
        "StudyDate": "20250105-20260105",
    }


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (found(), True),
        (found(IssuerOfPatientID=""), True),  # the objects will say
        (found(IssuerOfPatientID="ELSEWHERE"), False),
        (found(PatientID="P-10"), False),
        (found(PatientID="p-1"), False),
        (found(StudyInstanceUID="1.2.3"), False),
        (found(StudyInstanceUID="../1"), False),
        (found(StudyDate=""), False),
        (found(StudyDate="20260106"), False),
        (found(StudyDate="20250104"), False),
        (found(StudyDate="20260105"), False),
        (found(StudyDate="20260105", StudyTime="075959"), True),
        (found(StudyDate="20260105", StudyTime="080000"), False),
        (found(AccessionNumber="A-1"), False),
        (found(AccessionNumber=""), True),
        (found(ModalitiesInStudy="CT"), False),
        ({"StudyInstanceUID": "1.2.9"}, False),
    ],
)
def test_what_is_a_prior(match: Match, fits: bool) -> None:
    assert choose([match], ABOUT) == ([match] if fits else [], 0)


def test_without_modalities_any_is_one() -> None:
    assert len(choose([found(ModalitiesInStudy="CT")], ABOUT | {"modalities": []})[0]) == 1


def test_the_newest_are_taken_each_once() -> None:
    days = ["20250301", "20250901", "20250601"]
    several = [found(StudyInstanceUID=f"1.2.{day}", StudyDate=day) for day in days]
    chosen, left_off = choose([*several, several[1]], ABOUT)
    assert [each["StudyDate"] for each in chosen] == ["20250901", "20250601"]
    assert left_off == 1
