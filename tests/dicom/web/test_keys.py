"""The query of a search: what is asked, what is ignored with a warning, what is refused."""

from __future__ import annotations

import pytest

from server.dicom.web.keys import MOST, asked
from server.errors import Category, Fault
from server.image_search import Level, Like, Meets, OneOf, Within


def meetings(*args: tuple[str, str], level: Level = Level.STUDY, **place: str) -> list[Meets]:
    return list(asked(level, args, place).wanted.meeting)


@pytest.mark.parametrize(
    ("name", "value", "meets"),
    [
        ("PatientID", "P1", OneOf("PatientID", ("P1",))),
        ("00100020", " P1 ", OneOf("PatientID", ("P1",))),
        ("PatientName", "M?ss*", Like("PatientName", "M?ss*")),
        ("StudyDate", "20260105", Within("StudyDate", "20260105", "20260105")),
        ("StudyDate", "20260105-", Within("StudyDate", "20260105", "")),
        ("StudyDate", "-20260105", Within("StudyDate", "", "20260105")),
        ("StudyTime", "0930-1200", Within("StudyTime", "0930", "1200")),
        ("StudyInstanceUID", "1.2,1.3\\1.2", OneOf("StudyInstanceUID", ("1.2", "1.3"))),
        ("ModalitiesInStudy", "CT", OneOf("ModalitiesInStudy", ("CT",))),
        ("ModalitiesInStudy", "CT\\MR", OneOf("ModalitiesInStudy", ("CT", "MR"))),
        ("AccessionNumber", "A,1", OneOf("AccessionNumber", ("A,1",))),
    ],
)
def test_what_is_asked(name: str, value: str, meets: Meets) -> None:
    assert meetings((name, value)) == [meets]


@pytest.mark.parametrize("value", ["", "*", "**"])
def test_what_anything_matches_is_not_asked(value: str) -> None:
    assert meetings(("PatientName", value), ("StudyDate", value), ("StudyInstanceUID", value)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("StudyDate", "2026-01-05"),
        ("StudyDate", "20260105-20260106-20260107"),
        ("StudyDate", "-"),
        ("StudyTime", "9"),
        ("StudyInstanceUID", "1.2;3"),
        ("StudyInstanceUID", "1.2,"),
        ("StudyInstanceUID", ",".join(["1.2"] + [f"1.{n}" for n in range(600)])),
        ("PatientID", "x" * 2_000),
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "many"),
        ("offset", "-1"),
        ("offset", "1" * 13),
        ("fuzzymatching", "perhaps"),
        ("includefield", "a b"),
        ("Patient Name", "x"),
        ("__proto__", "x"),
    ],
)
def test_what_is_refused(name: str, value: str) -> None:
    with pytest.raises(Fault) as refused:
        asked(Level.STUDY, [(name, value)], {})
    assert refused.value.category is Category.INCORRECT
    assert "x" * 100 not in str(refused.value)


@pytest.mark.parametrize("level", list(Level))
def test_a_number_of_a_series_is_a_number(level: Level) -> None:
    if level in (Level.PATIENT, Level.STUDY):
        assert meetings(("SeriesNumber", "1"), level=level) == []
        return
    assert meetings(("SeriesNumber", "1"), level=level) == [OneOf("SeriesNumber", ("1",))]
    with pytest.raises(Fault):
        meetings(("SeriesNumber", "one"), level=level)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("fuzzymatching", "true", "fuzzymatching"),
        ("PatientSize", "1", "ignored"),
        ("Modality", "CT", "ignored"),
        ("00081199.00081150", "1.2", "ignored"),
        ("99990010", "x", "ignored"),
        ("limit", "1000000000", "At most"),
        ("includefield", "99990010", "includefield"),
    ],
)
def test_what_is_not_done_is_told_of(name: str, value: str, says: str) -> None:
    (warning,) = asked(Level.STUDY, [(name, value)], {}).warnings
    assert warning.startswith('299 second-reader "')
    assert says in warning


def test_nothing_to_tell_of() -> None:
    args = [("fuzzymatching", "false"), ("includefield", "all"), ("PatientID", "x"), ("limit", "7")]
    found = asked(Level.STUDY, args, {})
    assert found.warnings == ()
    assert (found.wanted.limit, found.included) == (7, None)
    assert asked(Level.STUDY, [], {}).wanted.limit == MOST
    fields = [("includefield", "PatientAge,00080020"), ("includefield", "PatientID")]
    assert asked(Level.STUDY, fields, {}).included == {"PatientAge", "StudyDate", "PatientID"}


def test_an_attribute_is_asked_for_once() -> None:
    with pytest.raises(Fault, match="once"):
        meetings(("PatientID", "a"), ("00100020", "b"))


def test_the_address_stands_whatever_the_query_says() -> None:
    place = {"StudyInstanceUID": "1.2"}
    (test,) = meetings(("StudyInstanceUID", "1.2,1.3"), level=Level.SERIES, **place)
    assert test == OneOf("StudyInstanceUID", ("1.2",))
    (test,) = meetings(("StudyInstanceUID", "1.3"), level=Level.SERIES, **place)
    assert test == OneOf("StudyInstanceUID", ())
    with pytest.raises(Fault):
        meetings(level=Level.SERIES, StudyInstanceUID="../..")
