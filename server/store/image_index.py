"""By what a DICOM object is found: written with it, from what it says of its study and its series."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects.postgresql import insert as upsert

from server.images import ImageObject
from server.store.image_tables import series_index, study_index
from server.store.prepared import Prepared

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")
_STUDY = Prepared(
    upsert(study_index)
    .values({each.name: bindparam(each.name) for each in study_index.c})
    .on_conflict_do_nothing(index_elements=[study_index.c.study])
)
_SERIES = Prepared(
    upsert(series_index)
    .values({each.name: bindparam(each.name) for each in series_index.c})
    .on_conflict_do_nothing(index_elements=[series_index.c.study, series_index.c.uid])
)


def index(connection: Connection, came: ImageObject, key: int) -> None:
    """Within the transaction that writes it under ``key``; what the first object said stands."""
    said, study = came.header.get, came.named.study
    _STUDY.run(
        connection,
        study=study,
        first=key,
        patient_name=folded(said("PatientName", "")),
        birth_date=said("PatientBirthDate", ""),
        referring=folded(said("ReferringPhysicianName", "")),
        study_date=said("StudyDate", ""),
        study_time=said("StudyTime", ""),
        study_id=said("StudyID", ""),
    )
    _SERIES.run(
        connection,
        study=study,
        uid=came.series,
        first=key,
        modality=said("Modality", ""),
        number=whole_number(said("SeriesNumber", "")),
        step_date=said("PerformedProcedureStepStartDate", ""),
        step_time=said("PerformedProcedureStepStartTime", ""),
    )


def folded(name: str) -> str:
    """A name, or a pattern of names, as names are compared: PN is not case sensitive (PS3.4 C.2.2.2.1).

    Empty components at the end say nothing (PS3.5 6.2, PN).
    """
    groups = unicodedata.normalize("NFC", name).casefold().split("=")
    return "=".join(each.strip().rstrip("^ ") for each in groups)


def whole_number(text: str) -> int | None:
    """The value of an IS, where it is one (PS3.5 6.2)."""
    return int(text) if _NUMBER.fullmatch(text.strip()) else None
