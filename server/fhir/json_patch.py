"""JSON Patch (RFC 6902) with JSON Pointer (RFC 6901), within bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from server.errors import Category, Fault, fault
from server.fhir.amend import Edit, copied
from server.fhir.parse import DEPTH
from server.fhir.write import dump

OPERATIONS = 500
GROWTH = 8 * 2**20
"""Bytes that one patch may copy: copies of copies double each time."""
_ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_ESCAPE = re.compile(r"~(?![01])")
_NEEDS = {
    "add": ("value",),
    "remove": (),
    "replace": ("value",),
    "move": ("from",),
    "copy": ("from",),
    "test": ("value",),
}

Pointer = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Operation:
    number: int
    op: str
    path: Pointer
    source: Pointer = ()
    value: Any = None

    def refused(self, code: str, text: str) -> Fault:
        return fault(Category.UNPROCESSABLE, code, f"operation {self.number} ({self.op}): {text}")


def json_patch(document: Any) -> Edit:
    """What a patch document does.

    Raises:
        Fault: INCORRECT when it is no patch, TOO_LARGE when it has more than ``OPERATIONS``.
    """
    if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
        raise fault(Category.INCORRECT, "structure", "a JSON Patch is an array of operations (RFC 6902)")
    if len(document) > OPERATIONS:
        raise fault(Category.TOO_LARGE, "too-costly", f"at most {OPERATIONS} operations are accepted")
    operations = [_operation(number, each) for number, each in enumerate(document)]

    def edit(root: Any) -> Any:
        room = _Room()
        for each in operations:
            root = _applied(root, each, room)
        return root

    return edit


class _Room:
    """What one patch may still copy and deepen."""

    def __init__(self) -> None:
        self._bytes, self._levels = GROWTH, DEPTH

    def copy(self, value: Any) -> None:
        self._bytes -= len(dump({"": value}))
        if self._bytes < 0:
            raise fault(Category.TOO_LARGE, "too-costly", "the patch makes the resource too large")

    def carry(self, each: _Operation) -> None:
        """What is carried to a deeper place takes with it all that is in it."""
        self._levels -= max(len(each.path) - len(each.source), 0)
        if self._levels < 0:
            raise each.refused("too-costly", f"the patch nests deeper than {DEPTH} levels")


def _operation(number: int, told: dict[str, Any]) -> _Operation:
    op = told.get("op")
    if not isinstance(op, str) or op not in _NEEDS:
        text = f"operation {number}: op is one of {', '.join(_NEEDS)}"
        raise fault(Category.INCORRECT, "value", text)
    missing = [name for name in ("path", *_NEEDS[op]) if name not in told]
    if missing:
        text = f"operation {number} ({op}): {', '.join(missing)} is needed"
        raise fault(Category.INCORRECT, "required", text)
    source = _pointer(told["from"], number) if "from" in _NEEDS[op] else ()
    return _Operation(number, op, _pointer(told["path"], number), source, told.get("value"))


def _pointer(text: Any, number: int) -> Pointer:
    if not isinstance(text, str) or (text and not text.startswith("/")) or _ESCAPE.search(text):
        says = f"operation {number}: a JSON Pointer is empty or begins with /; ~0 is ~, ~1 is /"
        raise fault(Category.INCORRECT, "value", says)
    tokens = tuple(each.replace("~1", "/").replace("~0", "~") for each in text.split("/")[1:])
    if len(tokens) > DEPTH:
        raise fault(Category.INCORRECT, "too-costly", f"operation {number}: deeper than {DEPTH} levels")
    return tokens


def _applied(root: Any, each: _Operation, room: _Room) -> Any:
    """The document after one operation."""
    match each.op:
        case "test":
            if not equal(_get(root, each.path, each), each.value):
                raise each.refused("processing", "the value there is another")
            return root
        case "remove":
            return _removed(root, each.path, each)
        case "replace":
            return _replaced(root, each)
        case "add":
            return _put(root, each, copied(each.value))
        case "copy":
            value = _get(root, each.source, each)
            room.copy(value)
            room.carry(each)
            return _put(root, each, copied(value))
    return _moved(root, each, room)


def _moved(root: Any, each: _Operation, room: _Room) -> Any:
    if each.path[: len(each.source)] == each.source and each.path != each.source:
        raise each.refused("processing", "nothing is moved into itself")
    room.carry(each)
    value = _get(root, each.source, each)
    return _put(_removed(root, each.source, each), each, value)


def _get(root: Any, pointer: Pointer, each: _Operation) -> Any:
    value = root
    for token in pointer:
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list):
            value = value[_index(token, len(value) - 1, each)]
        else:
            raise each.refused("processing", "there is nothing at this place")
    return value


def _put(root: Any, each: _Operation, value: Any) -> Any:
    if not each.path:
        return value
    parent, last = _get(root, each.path[:-1], each), each.path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else _index(last, len(parent), each), value)
    else:
        raise each.refused("processing", "there is nothing at this place")
    return root


def _replaced(root: Any, each: _Operation) -> Any:
    _get(root, each.path, each)
    if not each.path:
        return copied(each.value)
    parent, last = _get(root, each.path[:-1], each), each.path[-1]
    parent[last if isinstance(parent, dict) else int(last)] = copied(each.value)
    return root


def _removed(root: Any, pointer: Pointer, each: _Operation) -> Any:
    _get(root, pointer, each)
    if not pointer:
        return None
    parent, last = _get(root, pointer[:-1], each), pointer[-1]
    if isinstance(parent, dict):
        del parent[last]
    else:
        del parent[_index(last, len(parent) - 1, each)]
    return root


def _index(token: str, most: int, each: _Operation) -> int:
    if not _ARRAY_INDEX.fullmatch(token) or int(token) > most:
        raise each.refused("processing", "there is no such place in the array")
    return int(token)


def equal(one: Any, other: Any) -> bool:
    """RFC 6902 section 4.6: same JSON type, numbers by value, objects in any order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if _is_number(one) and _is_number(other):
        return bool(one == other)
    return type(one) is type(other) and bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
