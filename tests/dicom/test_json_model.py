"""What archives answer in DICOM JSON, and what they should not."""

from __future__ import annotations

from typing import Any

import pytest

from server.dicom.json_model import objects, text, values

ONE = b'{"00100020": {"vr": "LO", "Value": ["P-1"]}}'


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b"[]", 0),
        (ONE, 1),
        (b"[" + ONE + b"," + ONE + b"]", 2),
        (b'[null, 1, "x", [], ' + ONE + b"]", 1),
        (b'"x"', 0),
        (b"", None),
        (b"<xml/>", None),
        (b"[" * 100_000, None),
    ],
)
def test_what_is_taken_for_objects(body: bytes, count: int | None) -> None:
    found = objects(body)
    assert (None if found is None else len(found)) == count


@pytest.mark.parametrize(
    ("element", "found", "said"),
    [
        ({"vr": "UI", "Value": ["1.2"]}, ["1.2"], "1.2"),
        ({"vr": "CS", "Value": [" CR ", "DX"]}, [" CR ", "DX"], "CR\\DX"),
        ({"vr": "IS", "Value": [3]}, [3], "3"),
        ({"vr": "PN", "Value": [{"Alphabetic": "A"}]}, [{"Alphabetic": "A"}], ""),
        ({"vr": "LO", "Value": [None, "x"]}, [None, "x"], "x"),
        ({"vr": "LO"}, [], ""),
        ({"vr": "LO", "Value": "x"}, [], ""),
        ("x", [], ""),
        (None, [], ""),
    ],
)
def test_the_values_of_an_attribute(element: Any, found: list[Any], said: str) -> None:
    item = {"00100020": element}
    assert values(item, "00100020") == found
    assert text(item, "00100020") == said
    assert values(item, "00080018") == []
