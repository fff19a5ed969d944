"""Made-up films, cards and reads for the pens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from server.dicom.pens.opinion import FilmOpinion, Instance
from server.model import AiRead, Answer, Band, Card, Coding, InputContract, Span

CR = "1.2.840.10008.5.1.4.1.1.1"
BAND = Band(0.3, 0.7)
CARD = Card(
    question="child-pneumonia",
    name="cxr-child-cnn",
    version="1.0.0",
    title="Pneumonia on a frontal chest film of a child",
    manufacturer="Second Reader project",
    model_file="model.onnx",
    model_digest="ab" * 32,
    intended_use="",
    limits=(),
    contract=InputContract((), Span(1, 6)),
    band=BAND,
    finding=Coding("http://snomed.info/sct", "233604007", "Pneumonia"),
    report_code=Coding("http://loinc.org", "36554-4", "XR Chest Single view"),
    present_codes=(),
    absent_codes=(),
    calibration={},
    performance={},
)
MADE_AT = datetime(2026, 3, 4, 23, 30, 15, 250000, UTC)


def film(**other: object) -> Dataset:
    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 100"
    header.SOPClassUID = CR
    header.SOPInstanceUID = "1.2.3.4.5.6.7"
    header.SeriesInstanceUID = "1.2.3.4.5.6"
    header.StudyInstanceUID = "1.2.3.4.5"
    header.PatientName = "Müller^Anna"
    header.PatientID = "4711"
    header.IssuerOfPatientID = "KLINIK"
    header.PatientBirthDate = "20220102"
    header.PatientSex = "F"
    header.StudyDate = "20260304"
    header.StudyTime = "101112"
    header.StudyID = "S1"
    header.AccessionNumber = "A-77"
    header.ReferringPhysicianName = "Kurz^Doris"
    header.Modality = "CR"
    header.ViewPosition = "AP"
    header.PatientOrientation = ["L", "F"]
    header.ImagerPixelSpacing = [0.143, 0.143]
    header.Rows, header.Columns = 640, 512
    for keyword, value in other.items():
        setattr(header, keyword, value)
    return header


def read(answer: Answer | None = Answer.PRESENT, probability: float | None = 0.91) -> AiRead:
    return AiRead(
        question=CARD.question,
        card=CARD.identity,
        model_digest=CARD.model_digest,
        input_digest="cd" * 32,
        made_at=MADE_AT,
        answer=answer,
        probability=probability,
        band=BAND,
        reasons=() if answer else ("the view is not stated; a frontal one (AP or PA) must be",),
    )


def heat(rows: int, columns: int) -> NDArray[np.float32]:
    """A warm spot low on one side, cool elsewhere, a rim that was not looked at."""
    down, across = _places(min(rows, _DRAWN), min(columns, _DRAWN))
    warm = np.exp(-(((down - 0.62) / 0.16) ** 2 + ((across - 0.3) / 0.13) ** 2))
    seen = np.where((abs(down - 0.5) < 0.43) & (abs(across - 0.5) < 0.43), 0.08 + 0.88 * warm, 0)
    return _spread(seen.astype(np.float32), rows, columns)


def opinion(**other: object) -> FilmOpinion:
    header = other.pop("film", None) or film()
    made = FilmOpinion(
        read=read(),
        card=CARD,
        words="AI second read, not verified by a clinician: pneumonia present (calibrated probability 0.91). "
        "Reader cxr-child-cnn@1.0.0. What the model cannot do: tests.",
        film=header,
        looked_at=(
            Instance(CR, "1.2.3.4.5.6.7", "1.2.3.4.5.6", "1.2.3.4.5"),
            Instance(CR, "1.2.3.4.5.6.8", "1.2.3.4.5.6", "1.2.3.4.5"),
        ),
        operator="Example Hospital Trust",
        attribution=heat(header.Rows, header.Columns),
    )
    return replace(made, **other)


def grey(rows: int, columns: int) -> NDArray[np.uint8]:
    """Two dark lungs between bright walls and a spine; drawn, nobody's film."""
    down, across = _places(min(rows, _DRAWN), min(columns, _DRAWN))
    value = 0.75 - 0.35 * (abs(across - 0.5) * 2) ** 6
    for middle in (0.3, 0.7):
        lung = ((down - 0.48) / 0.33) ** 2 + ((across - middle) / 0.16) ** 2
        value -= 0.5 / (1 + np.exp(12 * (lung - 1)))
    value += 0.12 * np.exp(-(((across - 0.5) / 0.04) ** 2))
    for rib in range(9):
        arc = down - 0.2 - rib * 0.075 - 0.25 * (across - 0.5) ** 2
        value += 0.05 * np.exp(-((arc / 0.008) ** 2))
    value += 0.2 * np.exp(-(((down - 0.62) / 0.12) ** 2 + ((across - 0.3) / 0.1) ** 2))
    return _spread(np.clip(value * 255, 0, 255).astype(np.uint8), rows, columns)


_DRAWN = 640
"""Pixels each way that are computed; more are repeated."""


def _places(rows: int, columns: int) -> NDArray[np.float64]:
    return np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]


def _spread(drawn: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    down, across = (np.arange(n) * m // n for n, m in zip((rows, columns), drawn.shape, strict=True))
    return drawn[down[:, None], across[None, :]]
