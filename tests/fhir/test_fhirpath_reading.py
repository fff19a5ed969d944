"""Paths as text: what they lead to, and what is not understood."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Category, Fault
from server.fhir.fhirpath_place import Budget, Node
from server.fhir.fhirpath_reading import CHARACTERS, understood

TASK: dict[str, Any] = {
    "resourceType": "Task",
    "status": "requested",
    "priority": "urgent",
    "input": [
        {"type": {"text": "a"}, "valueString": "x"},
        {"type": {"text": "b"}, "valueInteger": 7},
        {"type": {"text": "it's"}, "valueBoolean": False},
    ],
    "restriction": {"repetitions": 2, "period": {"end": "2026-01-05"}},
    "extension": [{"url": "http://e.example/x", "valueString": "1"}, {"url": "http://e.example/y"}],
    "contained": [{"resourceType": "Patient", "id": "p"}, {"resourceType": "Device", "id": "d"}],
}

VALUES = [("input", 0, "valueString"), ("input", 1, "valueInteger"), ("input", 2, "valueBoolean")]


def led(path: str) -> list[tuple[str | int, ...]]:
    found = understood(path, "Task").nodes(Node((), TASK, "Task"), Budget())
    return [each.path for each in found]


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("Task", [()]),
        ("Task.status", [("status",)]),
        ("status", [("status",)]),
        ("Resource.status", [("status",)]),
        ("Task.input", [("input", 0), ("input", 1), ("input", 2)]),
        ("Task.input[1]", [("input", 1)]),
        ("Task.input[9]", []),
        ("Task.input.first()", [("input", 0)]),
        ("Task.input.last().type.text", [("input", 2, "type", "text")]),
        ("Task.input.value", VALUES),
        ("Task.input.value.ofType(integer)", [("input", 1, "valueInteger")]),
        ("Task.input.valueString", [("input", 0, "valueString")]),
        ("Task.input.where(type.text = 'b').value", [("input", 1, "valueInteger")]),
        ("Task.input.where(type.text != 'b' and value = 'x')", [("input", 0)]),
        ("Task.input.where(type.text = 'it\\'s')", [("input", 2)]),
        ("Task.input.where(value = 7 or value = false)", [("input", 1), ("input", 2)]),
        ("Task.input.where(value = 7.0)", [("input", 1)]),
        ("Task.input.where(type.text = 'a' or type.text = 'b' and value = 8)", [("input", 0)]),
        ("Task.input.where(type.exists())", [("input", 0), ("input", 1), ("input", 2)]),
        ("Task.input.where(missing.exists())", []),
        ("Task.input.type.text.where($this = 'a')", [("input", 0, "type", "text")]),
        ("Task.restriction.period.end.where($this = @2026-01-05)", [("restriction", "period", "end")]),
        ("Task.extension('http://e.example/x').value", [("extension", 0, "valueString")]),
        ("Task.contained.ofType(Patient)", [("contained", 0)]),
        ("Task.contained[1].id", [("contained", 1, "id")]),
        ("Task . input [ 0 ] . type", [("input", 0, "type")]),
        ("Task.nothing", []),
        ("Task.status.nothing", []),
        ("Task.priority.single()", [("priority",)]),
        ("Patient.status", []),
    ],
)  # fmt: skip
def test_paths(path: str, places: list[tuple[str | int, ...]]) -> None:
    assert led(path) == places


def test_single_is_demanded() -> None:
    with pytest.raises(Fault) as caught:
        led("Task.input.single()")
    assert caught.value.issues[0].code == "multiple-matches"


@pytest.mark.parametrize(
    "path",
    [
        "",
        " ",
        ".",
        "Task.",
        "Task..status",
        "Task.status.",
        "Task[0]",
        "Task.input[",
        "Task.input[x]",
        "Task.input[-1]",
        "Task.input[1.5]",
        "Task.input[99999999999]",
        "Task.for.resolve()",
        "Task.input.count()",
        "Task.input.where()",
        "Task.input.where(type)",
        "Task.input.where(type = )",
        "Task.input.where(type > 1)",
        "Task.input.where(type = type)",
        "Task.input.where(type = 'a'",
        "Task.input.where(type = 'a' xor type = 'b')",
        "Task.input.first(1)",
        "Task.extension(url)",
        "Task.value.ofType('Patient')",
        "Task.input | Task.output",
        "Task.status = 'x'",
        "Task.input.where(" * 9 + "a = 1" + ")" * 9,
        "%context.status",
        "'x'",
        "1",
    ],
)
def test_what_is_not_understood(path: str) -> None:
    with pytest.raises(Fault) as caught:
        understood(path, "Task")
    assert (caught.value.category, caught.value.issues[0].code) == (Category.UNPROCESSABLE, "not-supported")
    assert "where(" in caught.value.issues[0].text


def test_a_path_has_an_end() -> None:
    with pytest.raises(Fault) as caught:
        understood("Task.input" + ".type" * CHARACTERS, "Task")
    assert caught.value.issues[0].code == "too-long"


_WORDS = st.sampled_from(
    [
        *("Task", "input", "value", "where", "first", "exists", "and", "or", "$this", "ofType", "string"),
        *("(", ")", "[", "]", "0", "7", ".", "=", "!=", "'a'", "@2026", "true", "'", "%"),
    ]
)


@given(st.lists(_WORDS, max_size=14).map(" ".join) | st.text(max_size=30))
def test_any_text_is_understood_or_refused(text: str) -> None:
    """Nothing but a Fault may come of it."""
    with suppress(Fault):
        led(text)
