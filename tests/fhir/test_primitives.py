from __future__ import annotations

import pytest

from server.fhir.bindings import SHAPES
from server.fhir.primitives import FORMS, in_order

GOOD = {
    "base64Binary": ["abcd", "ab==", "ab\ncd "],
    "canonical": ["http://e.example/q|1.0"],
    "code": ["a", "a b"],
    "date": ["2024", "2024-02", "2024-02-29", "0001-01-01"],
    "dateTime": ["2024", "2024-02-29", "2024-02-29T23:59:59Z", "2024-02-29T23:59:59.123456789-05:00"],
    "id": ["a", "A-1.b", "1" * 64],
    "instant": ["2015-02-07T13:28:17.239+02:00"],
    "integer": [0, -(2**31), 2**31 - 1],
    "oid": ["urn:oid:1.2.3.4.5"],
    "positiveInt": [1],
    "string": ["a", " ", "\n", "a\u00a0b"],
    "time": ["00:00:00", "23:59:59.5", "23:59:60"],
    "unsignedInt": [0],
    "uri": ["http://e.example", "urn:oid:1.2", "a/b", "Patient/1"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
}
BAD = {
    "base64Binary": ["a", "abc", "ab*d", "abcd=", "äbcd"],
    "canonical": ["a b"],
    "code": [" a", "a ", "a  b", "a\tb"],
    "date": [
        "2023-02-29",
        "2024-13",
        "24",
        "2024-2-1",
        "0000",
        "2024-01-01T00:00:00Z",
        "\uff12\uff10\uff12\uff14",
    ],
    "dateTime": [
        "2024-02-30T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T10:00Z",
        "2024-01-01T10:00:00",
        "2024-01T10:00:00Z",
        "2024-01-01T10:00:00+14:30",
        "2024-01-01 10:00:00Z",
    ],
    "id": ["", "a" * 65, "a/b", "a_b", "a b", "é", "a\n"],
    "instant": ["2024", "2024-01-01", "2024-01-01T10:00:00"],
    "integer": [2**31, -(2**31) - 1],
    "oid": ["1.2.3", "urn:oid:3.1", "urn:oid:1.02"],
    "positiveInt": [0, -1],
    "string": ["", "\u00a0", "\u2028\u3000"],
    "time": ["24:00:00", "10:00", "10:00:61"],
    "unsignedInt": [-1],
    "uri": ["a b", "JavaScript:x", "file:///x", "data:,x", "vbscript:x"],
    "uuid": ["c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:c757873d"],
}


def cases(table):
    return [(kind, value) for kind, values in table.items() for value in values]


@pytest.mark.parametrize(("kind", "value"), cases(GOOD))
def test_accepted(kind, value):
    assert type(value) in FORMS[kind].kinds
    assert FORMS[kind].holds(value)


@pytest.mark.parametrize(("kind", "value"), cases(BAD))
def test_refused(kind, value):
    assert not FORMS[kind].holds(value)


def test_every_primitive_of_the_definitions_has_a_form():
    used = {element.type for shape in SHAPES.values() for element in shape.elements.values()}
    assert used <= FORMS.keys() | SHAPES.keys() | {"Resource"}


@pytest.mark.parametrize(
    ("earlier", "later", "ordered"),
    [
        ("2024-01-01", "2024-01-01", True),
        ("2024-01-02", "2024-01-01", False),
        ("2024", "2023-12-31", False),
        ("2024", "2024-01-01", True),
        ("2024-05", "2024", True),
        ("2024-01-01T10:00:00Z", "2024-01-01T11:30:00+02:00", False),
        ("2024-01-01T11:30:00+02:00", "2024-01-01T10:00:00Z", True),
        ("2024-01-01T10:00:00Z", "2024-01-01", True),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", True),
        ("not a date", "2024", True),
    ],
)
def test_order_of_times(earlier, later, ordered):
    assert in_order(earlier, later) is ordered
