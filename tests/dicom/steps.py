"""Performed procedure steps as a modality writes them (PS3.4 table F.7.2-1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

STUDY = "1.2.3"


def item(**values: Any) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def begun(studies: Sequence[str] = (STUDY,), accession: str = "ACC-1", **more: Any) -> Dataset:
    """What an N-CREATE brings; ``more`` replaces, None removes."""
    made = item(
        ScheduledStepAttributesSequence=[
            item(StudyInstanceUID=each, AccessionNumber=accession) for each in studies
        ],
        PatientName="Grey^Dapple",
        PatientID="P-T-1",
        PerformedProcedureStepID="S-1",
        PerformedStationAETitle="MODALITY",
        PerformedProcedureStepStartDate="20260105",
        PerformedProcedureStepStartTime="0900",
        PerformedProcedureStepStatus="IN PROGRESS",
        Modality="CR",
        PerformedSeriesSequence=[],
    )
    return _with(made, more)


def ended(state: str = "COMPLETED", instances: Sequence[str] = (), **more: Any) -> Dataset:
    """What the last N-SET brings."""
    named = [
        item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.1", ReferencedSOPInstanceUID=each)
        for each in instances
    ]
    series = item(SeriesInstanceUID="1.2.3.1", ReferencedImageSequence=named)
    made = item(
        PerformedProcedureStepStatus=state,
        PerformedProcedureStepEndDate="20260105",
        PerformedProcedureStepEndTime="0905",
        PerformedSeriesSequence=[series],
    )
    return _with(made, more)


def discontinued(code: str = "110513", scheme: str = "DCM") -> Dataset:
    reason = item(CodeValue=code, CodingSchemeDesignator=scheme, CodeMeaning="in words")
    return ended("DISCONTINUED", PerformedProcedureStepDiscontinuationReasonCodeSequence=[reason])


def encoded(made: Dataset, *, implicit: bool = False) -> bytes:
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, implicit
    write_dataset(out, made)
    return out.getvalue()


def _with(made: Dataset, more: dict[str, Any]) -> Dataset:
    for name, value in more.items():
        if value is None:
            delattr(made, name)
        else:
            setattr(made, name, value)
    return made
