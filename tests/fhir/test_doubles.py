from __future__ import annotations

import pytest

from server.errors import Fault
from server.fhir.conditional import condition
from server.fhir.doubles import matched_twice, written_twice
from server.fhir.stamp import stamped, tombstone
from server.ports import Absent
from tests.fhir.query.asking import ALL
from tests.fhir.shelf import AT, stored

TYPES = {"a": "Patient", "b": "Patient", "c": "Organization"}


def write(id_: str, *values: str):
    resource = {"resourceType": TYPES[id_], "identifier": [{"system": "x", "value": each} for each in values]}
    return stamped(resource, id_, 1, AT)


WRITES = [write("a", "1", "2"), write("b", "2", "3"), write("c", "2")]


def absent(*sought: str) -> list[Absent]:
    return [Absent(condition("Patient", each, ALL)) for each in sought]


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
    ("sought", "second"),
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
        ("identifier=x|", 1),
        ("identifier:not=x|1", None),
        ("active:missing=true", 1),
    ],
)
def test_one_condition_that_two_could_have_met(sought: str, second: int | None) -> None:
    assert matched_twice(WRITES, absent(sought)) == second


def test_without_conditions_nothing_is_twice() -> None:
    assert matched_twice(WRITES, []) is None


def test_five_thousand_conditions_are_looked_up_not_compared() -> None:
    """25 million comparisons would take half a minute; this takes none of the suite's patience."""
    many = [write("a", str(number)) for number in range(5_000)]
    conditions = absent(*(f"identifier=x|{number}" for number in range(5_000)))
    assert matched_twice(many, conditions) is None


def test_many_conditions_that_must_be_compared_are_too_costly() -> None:
    many = [write("a", str(number)) for number in range(400)]
    assert matched_twice(many, absent(*["active=true&name=x"] * 200)) is None
    with pytest.raises(Fault, match="only if each names an identifier"):
        matched_twice(many, absent(*["name=x"] * 251))


def test_what_is_deleted_is_nobodys_double() -> None:
    gone = tombstone(stored({"resourceType": "Patient", "id": "b"}), AT)
    assert matched_twice([WRITES[0], gone], absent("_id=a,b")) is None
