"""What may be asked of the record of DICOM objects, and what is found: values, without SQL and without HTTP.

The levels and the kinds of matching are those of PS3.4 C.2.2.2 and PS3.18 10.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from server.images import ImageObject


class Level(StrEnum):
    """What each thing found is."""

    PATIENT = "patient"
    """Whoever is the same by Patient ID and its issuer; nobody where there is no Patient ID."""
    STUDY = "study"
    SERIES = "series"
    INSTANCE = "instance"


KEYS: dict[Level, frozenset[str]] = {
    Level.PATIENT: frozenset({"PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate"}),
    Level.STUDY: frozenset(
        {
            "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ModalitiesInStudy",
            "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "ReferringPhysicianName",
        }
    ),
    Level.SERIES: frozenset(
        {
            "SeriesInstanceUID", "Modality", "SeriesNumber", "PerformedProcedureStepStartDate",
            "PerformedProcedureStepStartTime",
        }
    ),
    Level.INSTANCE: frozenset({"SOPInstanceUID", "SOPClassUID", "InstanceNumber"}),
}  # fmt: skip
"""By which keywords a level is matched, beside those of the levels above it (PS3.18 table 10.6.1-5)."""
NAMES = frozenset({"PatientName", "ReferringPhysicianName"})
"""Matched without regard to case, in any representation (PS3.4 C.2.2.2.1)."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """The attribute has one of these values; of Modalities in Study, some series has."""

    keyword: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """The attribute matches a pattern in which ``*`` stands for any characters and ``?`` for one."""

    keyword: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Within:
    """A date or time from ``low`` to ``high``, both included; empty for no bound."""

    keyword: str
    low: str
    high: str


Meets = OneOf | Like | Within


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query at one level: what meets all of ``meeting``, in the order in which it came."""

    level: Level
    meeting: tuple[Meets, ...]
    limit: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A patient, a study, a series or an instance."""

    first: ImageObject
    """The object of it that came first: what it says is what the whole is said to be."""
    series: int = 1
    """How many the study has."""
    instances: int = 1
    """How many the study or the series has."""
    modalities: tuple[str, ...] = ()
    """Of the study."""


class ImageSearch(Protocol):
    """The record of DICOM objects, for whoever asks. A SOP Instance UID is told of once: as it came first."""

    def find(self, wanted: Wanted) -> tuple[Found, ...]: ...

    def objects(
        self, study: str, series: str | None = None, instance: str | None = None
    ) -> Sequence[ImageObject]:
        """Of a study, a series or one of them, in the order in which they came."""
        ...
