"""Identifiers: small data sets that ask and that answer (PS3.4 C.2.1), read strictly, written plainly.

What is read is bounded by its size; here also how deep it is. Text comes out decoded, so that whoever
asks in one character set finds what was stored in another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from struct import pack, unpack_from

from pydicom.datadict import dictionary_VR

from server.dicom.header import Text
from server.dicom.upper.negotiation import IMPLICIT_LITTLE
from server.dicom.whole import LONG_VRS
from server.errors import Category, Fault, fault

CHARACTER_SET = 0x00080005
_UTF_8 = "ISO_IR 192"
_DEEPEST = 8
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_TEXTS = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
)
_MOST_SHORT = 65_534
_BINARY = {"US": "<H", "UL": "<I", "SS": "<h", "SL": "<i"}


@dataclass(frozen=True, slots=True)
class Identifier:
    """A data set, or an item of one."""

    values: Mapping[int, str] = field(repr=False)
    """Tag -> text, several values with backslashes between; of what is no text its hexadecimal digits."""
    items: Mapping[int, tuple[Identifier, ...]] = field(default_factory=dict, repr=False)
    """Tag of a sequence -> its items."""


def read(data: bytes, syntax: str) -> Identifier:
    """Raises Fault(INCORRECT)."""
    reading = _Reading(data, explicit=syntax != IMPLICIT_LITTLE)
    found, _ = reading.data_set(0, len(data), 0, b"", delimited=False)
    return found


def _no(text: str) -> Fault:
    return fault(Category.INCORRECT, "structure", text)


class _Reading:
    def __init__(self, data: bytes, *, explicit: bool) -> None:
        self._data = data
        self._explicit = explicit

    def data_set(
        self, at: int, end: int, depth: int, charset: bytes, *, delimited: bool
    ) -> tuple[Identifier, int]:
        """The elements from ``at``, and where they end."""
        if depth > _DEEPEST:
            raise _no(f"the identifier is deeper than {_DEEPEST}")
        raw: dict[int, bytes] = {CHARACTER_SET: charset} if charset else {}
        kinds: dict[int, str] = {}
        items: dict[int, tuple[Identifier, ...]] = {}
        before = 0
        while at < end:
            tag, vr, length, at = self._header(at, end)
            if tag == _ITEM_END and delimited and not length:
                return _identifier(raw, kinds, items), at
            if tag <= before or tag >> 16 in (0x0000, 0x0002, 0xFFFE):
                raise _no("elements of the identifier are out of order")
            before = tag
            if vr == "SQ" or length == _UNDEFINED:
                items[tag], at = self._sequence(at, end, length, depth, raw.get(CHARACTER_SET, b""))
                continue
            if at + length > end:
                raise _no("the identifier ends in the middle of an element")
            raw[tag], kinds[tag] = self._data[at : at + length], vr
            at += length
        if delimited:
            raise _no("an item of the identifier does not end")
        return _identifier(raw, kinds, items), at

    def _header(self, at: int, end: int) -> tuple[int, str, int, int]:
        if at + 8 > end:
            raise _no("the identifier ends in the middle of an element")
        group, element = unpack_from("<HH", self._data, at)
        tag = group << 16 | element
        if not self._explicit or group == 0xFFFE:
            return tag, _vr(tag), unpack_from("<I", self._data, at + 4)[0], at + 8
        vr = self._data[at + 4 : at + 6]
        if vr in LONG_VRS:
            if at + 12 > end:
                raise _no("the identifier ends in the middle of an element")
            return tag, vr.decode(), unpack_from("<I", self._data, at + 8)[0], at + 12
        return tag, vr.decode("ascii", "replace"), unpack_from("<H", self._data, at + 6)[0], at + 8

    def _sequence(
        self, at: int, end: int, length: int, depth: int, charset: bytes
    ) -> tuple[tuple[Identifier, ...], int]:
        delimited = length == _UNDEFINED
        stop = end if delimited else at + length
        if stop > end:
            raise _no("a sequence of the identifier is longer than what there is of it")
        found: list[Identifier] = []
        while at < stop:
            tag, _, size, at = self._header(at, stop)
            if tag == _SEQUENCE_END and delimited and not size:
                return tuple(found), at
            whole = size == _UNDEFINED
            if tag != _ITEM or (not whole and at + size > stop):
                raise _no("a sequence of the identifier holds something that is no item")
            item, at = self.data_set(at, stop if whole else at + size, depth + 1, charset, delimited=whole)
            found.append(item)
        if delimited:
            raise _no("a sequence of the identifier does not end")
        return tuple(found), at


def _vr(tag: int) -> str:
    try:
        return dictionary_VR(tag).split(" ")[0]
    except KeyError:
        return "UN"


def _identifier(
    raw: Mapping[int, bytes], kinds: Mapping[int, str], items: Mapping[int, tuple[Identifier, ...]]
) -> Identifier:
    text = Text(raw)
    values = {
        tag: (text.of(tag) or "") if kinds[tag] in _TEXTS else value.hex()
        for tag, value in raw.items()
        if tag in kinds and tag != CHARACTER_SET
    }
    if text.undecodable:
        raise _no("text of the identifier is not in its character set")
    return Identifier(values, items)


Written = Mapping[int, "Sequence[str] | Sequence[Written]"]
"""Tag -> its values as texts, or the items of a sequence."""


def write(told: Written, syntax: str) -> bytes:
    """Encoded, in UTF-8 where a value needs more than ASCII (PS3.3 C.12.1.1.2)."""
    if not _plain(told):
        told = {**told, CHARACTER_SET: [_UTF_8]}
    return _encoded(told, explicit=syntax != IMPLICIT_LITTLE)


def _plain(told: Written) -> bool:
    return all(
        each.isascii() if isinstance(each, str) else _plain(each) for of in told.values() for each in of
    )


def _encoded(told: Written, *, explicit: bool) -> bytes:
    return b"".join(_element(tag, told[tag], explicit=explicit) for tag in sorted(told))


def _element(tag: int, of: Sequence[str] | Sequence[Written], *, explicit: bool) -> bytes:
    vr, value = _vr(tag), b""
    if vr == "SQ":
        items = [_encoded(each, explicit=explicit) for each in of if not isinstance(each, str)]
        value = b"".join(pack("<HHI", 0xFFFE, 0xE000, len(each)) + each for each in items)
    elif vr in _BINARY:
        value = b"".join(pack(_BINARY[vr], int(each)) for each in of if isinstance(each, str))
    else:
        value = "\\".join(each for each in of if isinstance(each, str)).encode()
        value = b"" if len(value) > _MOST_SHORT else value
        value += (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
    head = pack("<HH", tag >> 16, tag & 0xFFFF)
    if not explicit:
        return head + pack("<I", len(value)) + value
    if vr.encode() in LONG_VRS:
        return head + vr.encode() + pack("<xxI", len(value)) + value
    return head + vr.encode() + pack("<H", len(value)) + value
