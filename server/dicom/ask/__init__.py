"""What configured archives are asked: how many instances a study has, which are earlier, their objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from server.objects import ObjectArrival, Outcome

Match = Mapping[str, str]
"""One study as an archive tells of it: keyword (PS3.6) -> value, several with backslashes between."""

Keep = Callable[[ObjectArrival, bytes], Outcome]
"""Takes a data set the way that a C-STORE's goes."""

COUNT = "NumberOfStudyRelatedInstances"
_REPORTS = frozenset({"SR", "PR", "KO", "DOC", "SEG", "REG", "AU", "PLAN"})
"""Modalities (0008,0060) of what is made about images, and seldom sent to whoever reads them (CID 29)."""
STUDY_KEYS = (
    "StudyInstanceUID",
    "PatientID",
    "IssuerOfPatientID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ModalitiesInStudy",
    COUNT,
)


class Askable(Protocol):
    """One archive. Every call may raise Undelivered, and takes a bounded time."""

    def find(self, wanted: Match) -> Sequence[Match]:
        """The studies that it has under these values."""
        ...

    def fetch(self, study: str) -> str:
        """Have all objects of a study come here; why not all of them did, empty when they did."""
        ...


def counted(archive: Askable, study: str) -> tuple[int | None, str]:
    """How many instances an archive has of a study; why it gives no number (PS3.4 C.3.4, PS3.18 10.6).

    A number with a reason counts more than images: the first reader's report, an earlier opinion of ours.
    """
    found = [
        each for each in archive.find({"StudyInstanceUID": study}) if each.get("StudyInstanceUID") == study
    ]
    if not found:
        return None, "the archive does not have the study"
    number = instances_of(found[0])
    if number is None:
        return None, "the archive does not say how many instances the study has"
    kinds = {each.strip() for each in found[0].get("ModalitiesInStudy", "").split("\\")}
    return number, "" if kinds.isdisjoint(_REPORTS) else "the archive counts reports as well"


def instances_of(match: Match) -> int | None:
    """How many instances a study has, where the archive says so."""
    number = match.get(COUNT, "")
    return int(number) if number.isdecimal() and len(number) <= 9 else None
