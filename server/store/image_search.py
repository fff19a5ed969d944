"""Searching the record of DICOM objects (``server.image_search.ImageSearch``), on both databases alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from server.image_search import NAMES, Found, Level, Like, Meets, OneOf, Wanted
from server.images import OWN, ImageObject
from server.store.database import Database
from server.store.image_index import folded, whole_number
from server.store.image_tables import image, series_index, study, study_index
from server.store.images import as_object

_COLUMNS: dict[str, ColumnElement[Any]] = {
    "StudyInstanceUID": study.c.uid,
    "StudyDate": study_index.c.study_date,
    "StudyTime": study_index.c.study_time,
    "StudyID": study_index.c.study_id,
    "AccessionNumber": study.c.accession,
    "PatientName": study_index.c.patient_name,
    "PatientID": study.c.patient_id,
    "IssuerOfPatientID": study.c.issuer,
    "PatientBirthDate": study_index.c.birth_date,
    "ReferringPhysicianName": study_index.c.referring,
    "SeriesInstanceUID": series_index.c.uid,
    "Modality": series_index.c.modality,
    "SeriesNumber": series_index.c.number,
    "PerformedProcedureStepStartDate": series_index.c.step_date,
    "PerformedProcedureStepStartTime": series_index.c.step_time,
    "SOPInstanceUID": image.c.sop_instance,
    "SOPClassUID": image.c.sop_class,
    "InstanceNumber": image.c.number,
}
_NUMBERS = frozenset({"SeriesNumber", "InstanceNumber"})
_LAST = "~"
"""Sorts behind every character of a date or time: an upper bound holds for what it leaves open."""


class ImageFinder:
    """``server.image_search.ImageSearch``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, wanted: Wanted) -> tuple[Found, ...]:
        return self._database.read(lambda connection: _find(connection, wanted))

    def objects(
        self, study: str, series: str | None = None, instance: str | None = None
    ) -> Sequence[ImageObject]:
        query = _firsts().where(image.c.study == study).order_by(image.c.key)
        if series is not None:
            query = query.where(image.c.series == series)
        if instance is not None:
            query = query.where(image.c.sop_instance == instance)
        return self._database.read(lambda c: tuple(as_object(row) for row in c.execute(query)))


def shown() -> ColumnElement[bool]:
    """Whether an object of ``image`` may be served at all: the one place where that is decided.

    What this server has made itself is not put into the record before its opinion is released, and goes to
    archives by its own deliveries. What comes back of it is kept here, and not served from here.
    """
    return not_(image.c.source.startswith(OWN, autoescape=True))


def _first() -> ColumnElement[bool]:
    """The same UID may have come with other bytes: only what came first is what the UID names."""
    earlier = image.alias("earlier")
    return not_(exists().where(earlier.c.sop_instance == image.c.sop_instance, earlier.c.key < image.c.key))


def _firsts() -> Select[Any]:
    return select(image).where(shown(), _first())


def _find(connection: Connection, wanted: Wanted) -> tuple[Found, ...]:
    tests = [_test(connection, each) for each in wanted.meeting]
    rows = _ROWS[wanted.level](tests)
    keys = tuple(connection.execute(rows.limit(wanted.limit).offset(wanted.offset)).scalars())
    found = {
        row.key: as_object(row) for row in connection.execute(select(image).where(image.c.key.in_(keys)))
    }
    counts = _counts(connection, {each.named.study for each in found.values()})
    return tuple(_found(wanted.level, found[key], counts) for key in keys)


def _patients(tests: list[ColumnElement[bool]]) -> Select[Any]:
    """By the study of each that came first and may be shown: what that says is what they are said to be."""
    other, of_other = study.alias("other"), study_index.alias("of_other")
    earlier = exists().where(
        other.c.patient_id == study.c.patient_id,
        other.c.issuer == study.c.issuer,
        of_other.c.study == other.c.uid,
        of_other.c.first < study_index.c.first,
        exists().where(image.c.study == other.c.uid, shown(), _first()),
    )
    return _studies([*tests, study.c.patient_id != "", not_(earlier)])


def _studies(tests: list[ColumnElement[bool]]) -> Select[Any]:
    """The key of the first object of each study, in the order in which the studies came."""
    of_it = (image.c.study == study.c.uid, shown(), _first())
    joined = study.join(study_index, study_index.c.study == study.c.uid)
    key = select(func.min(image.c.key)).where(*of_it).scalar_subquery()
    query = select(key).select_from(joined).where(exists().where(*of_it), *tests)
    return query.order_by(study_index.c.first)


def _series(tests: list[ColumnElement[bool]]) -> Select[Any]:
    of_it = (
        image.c.study == study.c.uid,
        image.c.series == series_index.c.uid,
        shown(),
        _first(),
    )
    joined = study.join(study_index, study_index.c.study == study.c.uid).join(
        series_index, series_index.c.study == study.c.uid
    )
    key = select(func.min(image.c.key)).where(*of_it).scalar_subquery()
    query = select(key).select_from(joined).where(exists().where(*of_it), *tests)
    return query.order_by(series_index.c.first)


def _instances(tests: list[ColumnElement[bool]]) -> Select[Any]:
    joined = (
        image.join(study, study.c.uid == image.c.study)
        .join(study_index, study_index.c.study == image.c.study)
        .join(series_index, and_(series_index.c.study == image.c.study, series_index.c.uid == image.c.series))
    )
    return select(image.c.key).select_from(joined).where(shown(), _first(), *tests).order_by(image.c.key)


_ROWS = {
    Level.PATIENT: _patients,
    Level.STUDY: _studies,
    Level.SERIES: _series,
    Level.INSTANCE: _instances,
}
_Counts = dict[str, dict[str, tuple[int, str]]]
"""Study -> series -> (how many instances, modality)."""


def _counts(connection: Connection, studies: set[str]) -> _Counts:
    query = (
        select(image.c.study, image.c.series, func.count(), func.min(series_index.c.modality))
        .select_from(
            image.join(
                series_index,
                and_(series_index.c.study == image.c.study, series_index.c.uid == image.c.series),
            )
        )
        .where(image.c.study.in_(studies), shown(), _first())
        .group_by(image.c.study, image.c.series)
    )
    counts: _Counts = {}
    for uid, series, number, modality in connection.execute(query):
        counts.setdefault(uid, {})[series] = (number, modality)
    return counts


def _found(level: Level, first: ImageObject, counts: _Counts) -> Found:
    of_study = counts[first.named.study]
    of_series, _ = of_study[first.series]
    whole = sum(number for number, _ in of_study.values())
    return Found(
        first=first,
        series=len(of_study),
        instances=whole if level is Level.STUDY else of_series,
        modalities=tuple(sorted({modality for _, modality in of_study.values() if modality})),
    )


def _test(connection: Connection, meets: Meets) -> ColumnElement[bool]:
    if meets.keyword == "ModalitiesInStudy":
        beside = series_index.alias("beside")
        some = _one(connection, beside.c.modality, meets)
        return exists().where(beside.c.study == study.c.uid, some)
    if meets.keyword in NAMES:
        return _name(connection, _COLUMNS[meets.keyword], meets)
    return _one(connection, _COLUMNS[meets.keyword], meets)


def _one(connection: Connection, of: ColumnElement[Any], meets: Meets) -> ColumnElement[bool]:
    match meets:
        case OneOf():
            if meets.keyword in _NUMBERS:
                numbers = [whole_number(each) for each in meets.values]
                return of.in_([each for each in numbers if each is not None])
            return of.in_(meets.values)
        case Like():
            return _like(connection, of, meets.pattern)
    low = of >= meets.low if meets.low else true()
    high = of <= meets.high + _LAST if meets.high else true()
    return and_(of != "", low, high)


def _name(connection: Connection, of: ColumnElement[Any], meets: Meets) -> ColumnElement[bool]:
    """In whichever of the representations (alphabetic, ideographic, phonetic; PS3.5 6.2.1)."""
    match meets:
        case OneOf():
            patterns = tuple(folded(each) for each in meets.values)
        case Like():
            patterns = (folded(meets.pattern),)
        case _:
            return false()
    places = ("{}", "{}=*", "*={}", "*={}=*")
    return or_(*(_like(connection, of, place.format(each)) for each in patterns for place in places))


def _like(connection: Connection, of: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    """SQLite's LIKE knows no case; its GLOB does, as PostgreSQL's LIKE does."""
    if connection.dialect.name == "sqlite":
        globbed = "".join("[[]" if each == "[" else each for each in pattern)
        return of.op("GLOB", is_comparison=True)(globbed)
    escaped = pattern.translate({0x5C: r"\\", 0x25: r"\%", 0x5F: r"\_", 0x2A: "%", 0x3F: "_"})
    return of.like(escaped, escape="\\")
