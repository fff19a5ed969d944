"""JSON Patch (RFC 6902): every operation, every way to point wrong, and the bounds."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Category, Fault
from server.fhir.json_patch import GROWTH, OPERATIONS, equal, json_patch

DOCUMENT = {"a": [1, 2, 3], "b": {"c": "x", "d/e": 1, "f~g": 2}, "n": Decimal("1.10")}


def op(op: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": op, "path": path, **more}


def patched(*operations: dict[str, Any], document: Any = DOCUMENT) -> Any:
    return json_patch(list(operations))(copy.deepcopy(document))


def refusal(*operations: Any, document: Any = DOCUMENT) -> tuple[str, str, str]:
    with pytest.raises(Fault) as caught:
        json_patch(list(operations))(copy.deepcopy(document))
    [issue] = caught.value.issues
    return caught.value.category.name, issue.code, issue.text


@pytest.mark.parametrize(
    ("operations", "place", "value"),
    [
        ([op("add", "/z", value=1)], ("z",), 1),
        ([op("add", "/b/c", value="y")], ("b", "c"), "y"),
        ([op("add", "/a/1", value=9)], ("a",), [1, 9, 2, 3]),
        ([op("add", "/a/3", value=9)], ("a",), [1, 2, 3, 9]),
        ([op("add", "/a/-", value=9)], ("a",), [1, 2, 3, 9]),
        ([op("add", "/b/d~1e", value=7)], ("b", "d/e"), 7),
        ([op("add", "/b/f~0g", value=7)], ("b", "f~g"), 7),
        ([op("add", "/b/~01", value=7)], ("b", "~1"), 7),
        ([op("remove", "/a/0")], ("a",), [2, 3]),
        ([op("remove", "/b/c")], ("b",), {"d/e": 1, "f~g": 2}),
        ([op("replace", "/a/2", value=9)], ("a",), [1, 2, 9]),
        ([op("replace", "/n", value=None)], ("n",), None),
        ([op("move", "/a/-", **{"from": "/a/0"})], ("a",), [2, 3, 1]),
        ([op("move", "/z", **{"from": "/b/c"})], ("z",), "x"),
        ([op("move", "/b/c", **{"from": "/b/c"})], ("b", "c"), "x"),
        ([op("copy", "/z", **{"from": "/b"}), op("replace", "/z/c", value=0)], ("b", "c"), "x"),
        ([op("test", "/n", value=Decimal("1.1")), op("add", "/z", value=1)], ("z",), 1),
        ([op("test", "/b", value={"f~g": 2, "c": "x", "d/e": 1})], ("b", "c"), "x"),
        ([op("add", "/x", value=[]), op("add", "/x/-", value=1)], ("x",), [1]),
    ],
)
def test_operations(operations: list[Any], place: tuple[Any, ...], value: Any) -> None:
    found = patched(*operations)
    for key in place:
        found = found[key]
    assert found == value


def test_the_whole_document() -> None:
    assert patched(op("replace", "", value={"q": 1})) == {"q": 1}
    assert patched(op("add", "", value=[1])) == [1]
    assert patched(op("remove", "")) is None
    assert patched(op("test", "", value=DOCUMENT)) == DOCUMENT


def test_a_patch_may_be_applied_again() -> None:
    """After a lost race it is made anew: nothing of the first time may be in it."""
    edit = json_patch([op("add", "/x", value=[]), op("add", "/x/-", value=1)])
    assert edit({}) == edit({}) == {"x": [1]}


@pytest.mark.parametrize(
    "operation",
    [
        op("test", "/b/c", value="y"),
        op("test", "/a/0", value=True),
        op("test", "/a", value=[1, 2]),
        op("test", "/b/c", value=None),
        op("test", "/missing", value=1),
        op("remove", "/missing"),
        op("remove", "/a/3"),
        op("remove", "/a/-"),
        op("replace", "/missing", value=1),
        op("replace", "/a/3", value=1),
        op("add", "/missing/x", value=1),
        op("add", "/a/4", value=1),
        op("add", "/a/01", value=1),
        op("add", "/a/+1", value=1),
        op("add", "/a/-1", value=1),
        op("add", "/a/²", value=1),
        op("add", "/a/x", value=1),
        op("add", "/n/x", value=1),
        op("add", "/b/c/0", value=1),
        op("move", "/b/c/x", **{"from": "/b/c"}),
        op("move", "/b/x/y", **{"from": "/b"}),
        op("move", "/z", **{"from": "/missing"}),
        op("copy", "/z", **{"from": "/a/9"}),
    ],
)
def test_what_does_not_apply(operation: dict[str, Any]) -> None:
    """F-080."""
    category, code, words = refusal(op("add", "/first", value=1), operation)
    assert (category, code) == ("UNPROCESSABLE", "processing")
    assert words.startswith(f"operation 1 ({operation['op']})")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "structure"),
        ("x", "structure"),
        ([1], "structure"),
        ([{"path": "/a"}], "value"),
        ([{"op": "merge", "path": "/a"}], "value"),
        ([{"op": ["add"], "path": "/a"}], "value"),
        ([{"op": "add", "value": 1}], "required"),
        ([{"op": "add", "path": "/a"}], "required"),
        ([{"op": "move", "path": "/a"}], "required"),
        ([op("remove", "a")], "value"),
        ([op("remove", "/a~2")], "value"),
        ([op("remove", "/a~")], "value"),
        ([{"op": "remove", "path": 1}], "value"),
        ([op("copy", "/a", **{"from": "b"})], "value"),
        ([op("remove", "/a" * 65)], "too-costly"),
    ],
)
def test_what_is_no_patch(document: Any, code: str) -> None:
    with pytest.raises(Fault) as caught:
        json_patch(document)
    assert caught.value.category is Category.INCORRECT
    assert caught.value.issues[0].code == code


def test_values_are_not_told() -> None:
    for operation in (op("test", "/b/c", value="Zebedee"), op("remove", "/Zebedee")):
        assert "Zebedee" not in refusal(operation)[2]


def test_too_many_operations() -> None:
    """F-081."""
    assert patched(*[op("test", "/n", value=Decimal("1.1"))] * OPERATIONS) == DOCUMENT
    assert refusal(*[op("remove", "/name")] * (OPERATIONS + 1))[:2] == ("TOO_LARGE", "too-costly")


def test_copies_of_copies_have_an_end() -> None:
    """Thirty lines that double would make a thousand million times the document."""
    doubling = [op("copy", f"/x{n}", **{"from": ""}) for n in range(30)]
    assert refusal(*doubling)[:2] in (("TOO_LARGE", "too-costly"), ("UNPROCESSABLE", "too-costly"))
    large = {"a": "x" * (GROWTH // 3)}
    copies = [op("copy", f"/b{n}", **{"from": "/a"}) for n in range(3)]
    assert refusal(*copies, document=large)[:2] == ("TOO_LARGE", "too-costly")
    assert len(patched(*copies[:2], document=large)) == 3


def test_depth_has_an_end() -> None:
    """Each move carries what is there one level deeper; no recursion may meet the bottom."""
    deepening = [
        each
        for n in range(100)
        for each in (op("add", "/w", value={}), op("move", f"/w/{n}", **{"from": "/b"}),
                     op("move", "/b", **{"from": "/w"}))
    ]  # fmt: skip
    assert refusal(*deepening)[:2] == ("UNPROCESSABLE", "too-costly")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, Decimal("1.00"), True),
        (Decimal("1.10"), Decimal("1.1"), True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, None, True),
        (None, False, False),
        ([1, [2]], [1, [2]], True),
        ([1, 2], [2, 1], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
    ],
)
def test_equality_is_that_of_json(one: Any, other: Any, same: bool) -> None:
    assert equal(one, other) is same


def test_a_patch_reads_like_the_one_of_the_rfc() -> None:
    told = '[{"op":"test","path":"/a/b","value":1},{"op":"remove","path":"/a/b"}]'
    assert json_patch(json.loads(told))({"a": {"b": 1}}) == {"a": {}}


_PATHS = st.sampled_from(
    ["", "/", "/a", "/a/0", "/a/-", "/a/9", "/b", "/b/c", "/b/c/0", "/n", "/x/y", "/~1", "/b/d~1e"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)
_ANY = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": _PATHS},
    optional={"value": _VALUES, "from": _PATHS},
)


@given(st.lists(_ANY, max_size=12))
def test_any_patch_is_applied_or_refused(operations: list[dict[str, Any]]) -> None:
    try:
        edit = json_patch(operations)
        first = edit(copy.deepcopy(DOCUMENT))
    except Fault:
        return
    assert equal(edit(copy.deepcopy(DOCUMENT)), first), "the same again"
