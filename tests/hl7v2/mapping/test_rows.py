"""How a table is read."""

from __future__ import annotations

from typing import Any

import pytest

from server.hl7v2.mapping.convert.text import string
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Row, fill, put
from tests.hl7v2.mapping.telling import LINK, NOW
from tests.hl7v2.splitter import split

SEGMENT = split('MSH|^~\\&|A|B|C|D|||X|1|P|2.5\nZZZ|a~b|""|c~""~d').extra[0]


def filled(*rows: Row) -> tuple[Any, tuple[str, ...]]:
    making = Making(LINK, NOW)
    return fill(rows, SEGMENT, making), making.notes


def test_one_value_is_the_first_and_that_is_said() -> None:
    assert filled(Row("ZZZ-1", "x", string)) == ({"x": "a"}, ("only the first repetition is used ZZZ-1",))


def test_many_are_all_and_null_is_none() -> None:
    found, notes = filled(Row("ZZZ-1", "x+", string, many=True), Row("ZZZ-3", "y+", string, many=True))
    assert (found, notes) == ({"x": ["a", "b"], "y": ["c", "d"]}, ())


def test_what_is_empty_null_or_not_meant_is_not_there() -> None:
    rows = (
        Row("ZZZ-2", "x", string),
        Row("ZZZ-9", "y", string),
        Row("ZZZ-1", "z", string, when=lambda _: False),
    )
    assert filled(*rows)[0] == {}


@pytest.mark.parametrize(
    ("path", "becomes"),
    [
        ("a", {"a": 1}),
        ("a.b", {"a": {"b": 1}}),
        ("a+", {"a": [1]}),
        ("a+.b", {"a": [{"b": 1}]}),
        ("_a.extension{x-y}.valueString", {
            "_a": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/x-y", "valueString": 1}]},
        }),
        ("extension{https://a.example/b}.c", {"extension": [{"url": "https://a.example/b", "c": 1}]}),
    ],
)  # fmt: skip
def test_a_path_leads_where_it_says(path: str, becomes: Any) -> None:
    found: dict[str, Any] = {}
    put(found, path, 1)
    assert found == becomes


def test_what_stands_is_kept_and_lists_grow() -> None:
    found: dict[str, Any] = {"a": 0, "l": [0]}
    for path, value in (("a", 1), ("l+", 1), ("*", {"a": 2, "l": [2], "n": 3})):
        put(found, path, value)
    assert found == {"a": 0, "l": [0, 1, 2], "n": 3}
