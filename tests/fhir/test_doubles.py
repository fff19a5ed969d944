from __future__ import annotations

import pytest

from server.fhir.conditional import criteria
from server.fhir.doubles import matched_twice, meets, written_twice
from server.fhir.stamp import stamped, tombstone
from server.ports import Absent
from tests.fhir.shelf import AT, stored

TYPES = {"a": "Patient", "b": "Patient", "c": "Organization"}


def write(id_: str, *values: str):
    resource = {"resourceType": TYPES[id_], "identifier": [{"system": "x", "value": each} for each in values]}
    return stamped(resource, id_, 1, AT)


WRITES = [write("a", "1", "2"), write("b", "2", "3"), write("c", "2")]


@pytest.mark.parametrize(
    ("places", "second"),
    [
        ([], None),
        ([("Patient", "a"), ("Task", "a"), ("Patient", "b")], None),
        ([("Patient", "a"), ("Patient", "b"), ("Patient", "a"), ("Patient", "b")], 2),
    ],
)
def test_one_place_written_twice(places: list[tuple[str, str]], second: int | None) -> None:
    assert written_twice(places) == second


@pytest.mark.parametrize(
    ("condition", "second"),
    [
        ("identifier=x|1", None),
        ("identifier=x|2", 1),
        ("identifier=2", 1),
        ("identifier=y|2", None),
        ("identifier=x|2&identifier=x|1", None),
        ("identifier=x|1,x|3", 1),
        ("identifier=x|9", None),
        ("_id=a,b", 1),
        ("_id=a", None),
    ],
)
def test_one_condition_that_two_could_have_met(condition: str, second: int | None) -> None:
    assert matched_twice(WRITES, [Absent("Patient", criteria("Patient", condition))]) == second


def test_without_conditions_nothing_is_twice() -> None:
    assert matched_twice(WRITES, []) is None


def test_five_thousand_conditions_are_looked_up_not_compared() -> None:
    """25 million comparisons would take half a minute; this takes none of the suite's patience."""
    many = [write("a", str(number)) for number in range(5_000)]
    absent = [Absent("Patient", criteria("Patient", f"identifier=x|{number}")) for number in range(5_000)]
    assert matched_twice(many, absent) is None


def test_what_is_deleted_is_nobodys_double() -> None:
    gone = tombstone(stored({"resourceType": "Patient", "id": "b"}), AT)
    assert matched_twice([WRITES[0], gone], [Absent("Patient", criteria("Patient", "_id=a,b"))]) is None


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("identifier=x|1", True),
        ("identifier=2", True),
        ("identifier=y|1", False),
        ("identifier=x|1&identifier=x|2", True),
        ("identifier=x|1&identifier=x|3", False),
        ("identifier=x|3,x|1", True),
        ("_id=a", True),
        ("_id=b", False),
    ],
)
def test_what_nobody_has_written_yet_is_found_like_the_rest(condition: str, met: bool) -> None:
    assert meets("a", WRITES[0].index, criteria("Patient", condition)) is met
