"""Bytes to a JSON object as R4 allows it (json.html), and nothing else.

Python's ``json`` is generous: it keeps the last of two equal keys, reads ``NaN``, turns ``1.10``
into a float and recurses until the interpreter stops it. Here each of these is a refusal or a
Decimal. Whole numbers up to 18 digits come as ``int``, all others as ``Decimal`` with the digits
they were sent in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, NoReturn

import msgspec

from server.errors import Category, Fault, fault
from server.fhir.write import dump

RESOURCE_BYTES = 8 * 2**20
BUNDLE_BYTES = 50 * 2**20
DEPTH = 64
MARKS = 1_000_000
"""Commas and opening brackets, one for each value: 50 MiB of ``{},`` would take a gigabyte to read."""
STRING_CHARACTERS = 2**20
NUMBER_CHARACTERS = 64
INTEGER_CHARACTERS = 18
"""Longer whole numbers are decimals to us: no integer type of R4 is that long."""
EXPONENT = 308
"""As far as a double reaches: what lies beyond is infinite or zero to most receivers."""

BASE64_NAMES = frozenset({"data", "valueBase64Binary"})
"""Elements that may be longer than STRING_CHARACTERS."""
# The closing quote is optional so that a match never fails and the scan stays linear.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_LEVELS = bytes.maketrans(b"[{]}", b"(())")
_NOT_LEVELS = bytes(set(range(256)) - set(b"[]{}"))
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no XML can hold (XML 1.0 section 2.2): it could be taken, but not given back in both formats."""
_HOLLOW = re.compile(r"[\[{,]\s*[\[\]}]")
"""Something empty, or an array in an array."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_MINUS_ZERO = re.compile(rb"-0[,\]}]")
_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}", re.ASCII)


def parse(body: bytes, *, limit: int = RESOURCE_BYTES) -> dict[str, Any]:
    """The object in ``body``; one UTF-8 byte order mark is dropped.

    Raises Fault: TOO_LARGE above ``limit`` bytes, UNSUPPORTED for UTF-16 and UTF-32,
    UNPROCESSABLE for a string above 1 MiB, INCORRECT for all else. Values are never quoted.
    """
    text = _bounded(body, limit)
    value = _loads(text)
    if not isinstance(value, dict):
        raise _structure("The body is not a JSON object.")
    first = [] if _plain(text) else list(islice(_problems(value, _root(value)), 1))
    if first:
        # Popped: a frame that names its own exception lives on, with the whole body, until collected.
        raise first.pop()
    return value


def read_json(body: bytes, limit: int) -> Any:
    """Any JSON value that can be written again, within the bounds of ``parse`` but not of FHIR."""
    text = _bounded(body, limit)
    value = _loads(text)
    if "\\u" in text:  # nothing else makes half of a surrogate pair
        try:
            dump({"": value})
        except UnicodeEncodeError:
            raise _value("A string holds half of a surrogate pair.") from None
    return value


def _bounded(body: bytes, limit: int) -> str:
    if len(body) > limit:
        raise fault(Category.TOO_LARGE, "too-long", f"The body is longer than {limit} bytes.")
    text = utf8(body)
    _check_marks(body)
    _check_depth(body)
    return text


def own(body: bytes) -> dict[str, Any]:
    """The object in JSON that this server wrote itself: what ``parse`` gave once, asked nothing again."""
    resource: dict[str, Any] = _WRITTEN.decode(body)
    if _MINUS_ZERO.search(body):  # as a whole number it would lose its sign
        resource = _DECODER.decode(body.decode())
    return resource


def element_path(parent: str, name: str) -> str:
    """``parent.name``; only ``parent`` when the name is no element name and might be anything."""
    return f"{parent}.{name}".lstrip(".") if _NAME.fullmatch(name) else parent


def utf8(body: bytes) -> str:
    """The text of ``body``, whichever format it is in; one byte order mark is dropped.

    Raises:
        Fault: UNSUPPORTED for UTF-16 and UTF-32; INCORRECT when it is blank, or no UTF-8.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        raise _structure("The body is empty; a FHIR resource is expected.")
    if b"\x00" in body[:4] or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise fault(Category.UNSUPPORTED, "not-supported", "The body must be UTF-8, not UTF-16 or UTF-32.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise _structure(f"The body is not valid UTF-8 (byte {error.start}).") from None


def _check_marks(body: bytes) -> None:
    if len(body) > MARKS and sum(body.count(mark) for mark in (b",", b"{", b"[")) > MARKS:
        text = f"More than {MARKS} commas and opening brackets; send it in several requests."
        raise fault(Category.TOO_LARGE, "too-costly", text)


def _check_depth(body: bytes) -> None:
    """Each pass removes the innermost level, so the passes count the depth without recursion."""
    if body.count(b"{") + body.count(b"[") <= DEPTH:
        return
    levels = _STRING.sub(b"", body).translate(_LEVELS, _NOT_LEVELS)
    for _ in range(DEPTH):
        if not levels:
            return
        inner = levels.replace(b"()", b"")
        if len(inner) == len(levels):
            raise _structure("The brackets of the JSON text do not close as they open.")
        levels = inner
    if levels:
        raise fault(Category.INCORRECT, "too-costly", f"Nested deeper than {DEPTH} levels.")


def _loads(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Invalid control character"):
            raise _value("A string holds an unescaped control character.") from None
        raise _structure(f"The body is not valid JSON (line {error.lineno}, column {error.colno}).") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _structure("A name occurs twice in one JSON object; each element may be given once.")
    return found


def number(text: str) -> int | Decimal:
    """A number written as in JSON, which is how R4 writes it everywhere (datatypes.html).

    Raises:
        Fault: INCORRECT when it is none, or beyond what we read.
    """
    if not _NUMBER.fullmatch(text):
        raise _value(
            "A number is expected: digits without leading zeros; a decimal point has digits around it."
        )
    return _integer(text) if text.lstrip("-").isdigit() else _decimal(text)


def _decimal(text: str) -> Decimal:
    exponent = text.lower().partition("e")[2]
    if len(text) > NUMBER_CHARACTERS or (exponent and abs(int(exponent)) > EXPONENT):
        raise _value(
            f"A number has more than {NUMBER_CHARACTERS} characters or an exponent above {EXPONENT}."
        )
    return Decimal(text)


def _integer(text: str) -> int | Decimal:
    if len(text) > NUMBER_CHARACTERS:
        raise _value(f"A number has more than {NUMBER_CHARACTERS} characters.")
    return Decimal(text) if len(text) > INTEGER_CHARACTERS or text == "-0" else int(text)


def _constant(_text: str) -> NoReturn:
    raise _value("NaN and Infinity are not JSON numbers.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_decimal, parse_int=_integer, parse_constant=_constant
)
_WRITTEN = msgspec.json.Decoder(float_hook=Decimal)


def _plain(text: str) -> bool:
    """Whether nothing that ``_problems`` looks for can be in a JSON text; almost all are so.

    Without a backslash a string holds no character that the decoder has not seen as it is.
    """
    odd = len(text) > STRING_CHARACTERS or "\\" in text or '""' in text or "null" in text
    foreign = not text.isascii() and ("\ufffe" in text or "\uffff" in text)
    return not odd and not foreign and _HOLLOW.search(text) is None


def _problems(found: dict[str, Any], path: str) -> Iterator[Fault]:
    """What JSON allows and FHIR does not: nulls, empty values, control characters, long strings."""
    if not found:
        yield _value("An object must not be empty.", path)
    for name, value in found.items():
        kind = type(value)
        if kind is str:
            if not value or len(value) > STRING_CHARACTERS or _FORBIDDEN.search(value):
                yield from _string_problems(name, value, element_path(path, name))
        elif kind is dict:
            yield from _problems(value, element_path(path, name))
        elif kind is list:
            yield from _list_problems(found, name, value, element_path(path, name))
        elif value is None:
            yield _structure("null stands only in arrays of primitives.", element_path(path, name))


def _list_problems(parent: dict[str, Any], name: str, values: list[Any], path: str) -> Iterator[Fault]:
    if not values:
        yield _value("An array must not be empty.", path)
    for index, value in enumerate(values):
        here = f"{path}[{index}]"
        if type(value) is dict:
            yield from _problems(value, here)
        elif type(value) is str:
            yield from _string_problems(name, value, here)
        elif type(value) is list:
            yield _structure("An array must not hold an array.", here)
        elif value is None and not _paired(parent, name, index):
            yield _structure("null in an array needs its counterpart in the paired array.", here)


def _string_problems(name: str, value: str, path: str) -> Iterator[Fault]:
    if not value:
        yield _value("A string must not be empty.", path)
    if len(value) > STRING_CHARACTERS and name not in BASE64_NAMES:
        text = f"A string must not be longer than {STRING_CHARACTERS} characters."
        yield fault(Category.UNPROCESSABLE, "too-long", text, path)
    if _FORBIDDEN.search(value):
        yield _value("A string holds a control character, half of a surrogate pair, U+FFFE or U+FFFF.", path)


def _paired(parent: dict[str, Any], name: str, index: int) -> bool:
    """Whether ``given[i]`` is null because ``_given[i]`` speaks for it, or the reverse (json.html)."""
    other = parent.get(name[1:] if name.startswith("_") else f"_{name}")
    return isinstance(other, list) and len(other) > index and other[index] is not None


def _root(value: dict[str, Any]) -> str:
    kind = value.get("resourceType")
    return kind if isinstance(kind, str) and _NAME.fullmatch(kind) else ""


def _structure(text: str, path: str = "") -> Fault:
    return fault(Category.INCORRECT, "structure", text, path)


def _value(text: str, path: str = "") -> Fault:
    return fault(Category.INCORRECT, "value", text, path)
