"""Is an encoded data set whole? Its lengths are added up to its last byte (PS3.5 section 7).

pydicom takes two of three truncated files for whole, and the last of two elements with one tag: so
this walk is ours. It looks at headers only and steps over values; what identifies an object is
kept on the way. Pixel data are never touched. What it walks is bounded, so that a small file cannot
keep it busy.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import pack, unpack_from

from server.dicom.upper.negotiation import DEFLATED, ENCAPSULATED, IMPLICIT_LITTLE
from server.errors import Category, Fault, fault

Buffer = bytes | bytearray | mmap.mmap
Element = tuple[int, bytes, int, int]
"""Tag, VR (empty where none is encoded), length, and where the value begins."""

_MOST_ELEMENTS = 500_000
"""Elements, items and fragments together."""
_DEEPEST = 32
_LONGEST_KEPT = 16 * 1024
_INFLATED_TIMES, _INFLATED_MOST = 100, 64 * 1024 * 1024
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXELS = 0x7FE00010
_SHORT = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)  # PS3.5 table 7.1-2
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())  # PS3.5 table 7.1-1
_SEQUENCE = (b"SQ", b"UN")

ONCE = frozenset(
    (0x00080005, 0x00080016, 0x00080018, 0x00100010, 0x00100020, 0x00100021, 0x0020000D, 0x0020000E)
)
"""Whom and what the object is about must be said once, in its place: readers take different ones of two."""


SEQUENCES = frozenset((0x00080051, 0x00100024))
"""Those that are looked into, whether their encoding says that they are some or not."""


def within(sequence: int, tag: int) -> int:
    """What stands for an element of an item of a sequence, among the tags that are wanted."""
    return sequence << 32 | tag


@dataclass(frozen=True, slots=True)
class Whole:
    """A data set that is whole."""

    values: Mapping[int, bytes] = field(repr=False)
    """Of the wanted elements, tag -> value as it stands there; ``within`` a sequence, from its first item."""
    remarks: tuple[str, ...]
    """What is not as it should be, each once."""


def walk(data: Buffer, start: int, syntax: str, wanted: frozenset[int]) -> Whole:
    """Walk the data set that begins at ``start`` and ends with ``data``.

    Raises:
        Fault: INCORRECT, saying what is wrong with it; TOO_LARGE for a deflated one that grows too much.
    """
    if syntax == DEFLATED:
        data, start = _inflate(data, start), 0
    steps = _Walk(data, syntax, wanted)
    steps.top(start)
    return Whole(steps.values, tuple(dict.fromkeys(steps.remarks)))


def items(
    data: Buffer, start: int, syntax: str, sequence: int, wanted: frozenset[int]
) -> list[dict[int, bytes]]:
    """The wanted elements of each item of a sequence of the data set itself; raises as ``walk``."""
    steps = _Items(data, syntax, sequence, wanted)
    steps.top(start)
    return steps.items


def _no(text: str) -> Fault:
    return fault(Category.INCORRECT, "structure", text)


def _inflate(data: Buffer, start: int) -> bytes:
    """PS3.5 annex A.5: raw deflate, to which one NUL may be padded; some senders add gzip's trailer."""
    most = min(_INFLATED_MOST, _INFLATED_TIMES * (len(data) - start))
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        out = inflating.decompress(memoryview(data)[start:], most + 1)
    except zlib.error as error:
        raise _no("the data set is not deflated as its transfer syntax says") from error
    if len(out) > most:
        raise fault(
            Category.TOO_LARGE,
            "too-costly",
            f"the data set inflates to more than {_INFLATED_TIMES} times its size or 64 MiB",
        )
    trailer = pack("<II", zlib.crc32(out), len(out))
    if not inflating.eof or inflating.unused_data not in (b"", b"\0", trailer):
        raise _no("the deflated data set is cut short, or followed by something else")
    return out


class _Walk:
    def __init__(self, data: Buffer, syntax: str, wanted: frozenset[int]) -> None:
        self._data = data
        self._explicit = syntax != IMPLICIT_LITTLE
        self._encapsulated = syntax in ENCAPSULATED
        self._wanted = wanted
        self._sequences = SEQUENCES
        self._left = _MOST_ELEMENTS
        self._inside = 0
        """Tag of the element of the data set itself that is walked."""
        self.values: dict[int, bytes] = {}
        self.remarks: list[str] = []

    def top(self, at: int) -> None:
        end, before = len(self._data), 0
        while at < end:
            element = self._header(at, end, self._explicit)
            tag, _, length, at = element
            self._place(tag, before)
            before = max(tag, before)
            self._inside = tag
            if length != _UNDEFINED and tag in self._wanted:
                self._keep(tag, at, length, end)
            at = self._value(element, end, 0, self._explicit)

    def _place(self, tag: int, before: int) -> None:
        """PS3.5 7.1: ascending, each tag once; no command, no file meta information, no item."""
        if tag >> 16 in (0x0000, 0x0002, 0xFFFE):
            raise _no("an element of group 0000, 0002 or FFFE stands in the data set")
        if tag > before:
            return
        if tag in ONCE:
            raise _no("what identifies the object or the patient stands twice or out of order")
        self.remarks.append("elements stand twice or out of order")

    def _keep(self, tag: int, at: int, length: int, end: int) -> None:
        if at + length <= end and length <= _LONGEST_KEPT:
            self.values.setdefault(tag, bytes(self._data[at : at + length]))
        elif at + length <= end:
            self.remarks.append("an identifying element is too long to be used")

    def _header(self, at: int, end: int, explicit: bool) -> Element:
        """Items have no VR in any syntax (PS3.5 7.5)."""
        self._left -= 1
        if self._left < 0:
            raise _no(f"there are more than {_MOST_ELEMENTS} elements, items and fragments in it")
        if at + 8 > end:
            raise _no("the data set ends in the middle of an element")
        group, element = unpack_from("<HH", self._data, at)
        tag = group << 16 | element
        if not explicit or group == 0xFFFE:
            return tag, b"", unpack_from("<I", self._data, at + 4)[0], at + 8
        vr = bytes(self._data[at + 4 : at + 6])
        if vr in _SHORT:
            return tag, vr, unpack_from("<H", self._data, at + 6)[0], at + 8
        if vr not in LONG_VRS:
            raise _no("an element has a VR that does not exist; is the data set in its transfer syntax?")
        if at + 12 > end:
            raise _no("the data set ends in the middle of an element")
        return tag, vr, unpack_from("<I", self._data, at + 8)[0], at + 12

    def _value(self, element: Element, end: int, depth: int, explicit: bool) -> int:
        """Where the value ends."""
        tag, vr, length, at = element
        if length != _UNDEFINED:
            if at + length > end:
                raise _no("an element is longer than what there is of it")
            if length % 2:
                self.remarks.append("a value has an odd length")
            if vr == b"SQ" or (not depth and not vr and tag in self._sequences):
                self._sequence(at, at + length, depth, explicit, delimited=False)
            return at + length
        if tag == _PIXELS and self._encapsulated:
            return self._fragments(at, end)
        if vr and vr not in _SEQUENCE:
            raise _no("a value that is no sequence has an undefined length")
        # What has an undefined length and VR UN is encoded as implicit (PS3.5 6.2.2, note 2).
        return self._sequence(at, end, depth, explicit and vr != b"UN", delimited=True)

    def _fragments(self, at: int, end: int) -> int:
        """Encapsulated pixel data (PS3.5 annex A.4): items of known length, and the delimiter."""
        while True:
            tag, _, length, at = self._header(at, end, explicit=False)
            if tag == _SEQUENCE_END and length == 0:
                return at
            if tag != _ITEM or at + length > end:
                raise _no("the fragments of the pixel data do not end with their delimiter")
            at += length

    def _sequence(self, at: int, end: int, depth: int, explicit: bool, *, delimited: bool) -> int:
        if depth >= _DEEPEST:
            raise _no(f"sequences are nested deeper than {_DEEPEST}")
        while at < end:
            tag, _, length, at = self._header(at, end, explicit=False)
            if tag == _SEQUENCE_END and delimited and length == 0:
                return at
            if tag != _ITEM:
                raise _no("a sequence holds something that is no item")
            if length == _UNDEFINED:
                at = self._item(at, end, depth, explicit, delimited=True)
            elif at + length > end:
                raise _no("an item is longer than what there is of it")
            else:
                at = self._item(at, at + length, depth, explicit, delimited=False)
        if delimited:
            raise _no("a sequence does not end with its delimiter")
        return at

    def _item(self, at: int, end: int, depth: int, explicit: bool, *, delimited: bool) -> int:
        while at < end:
            element = self._header(at, end, explicit)
            tag, _, length, at = element
            if tag == _ITEM_END and delimited and length == 0:
                return at
            if tag >> 16 == 0xFFFE:
                raise _no("an item ends in the wrong place")
            if not depth and length != _UNDEFINED and within(self._inside, tag) in self._wanted:
                self._keep(within(self._inside, tag), at, length, end)
            at = self._value(element, end, depth + 1, explicit)
        if delimited:
            raise _no("an item does not end with its delimiter")
        return at


class _Items(_Walk):
    def __init__(self, data: Buffer, syntax: str, sequence: int, wanted: frozenset[int]) -> None:
        super().__init__(data, syntax, frozenset(within(sequence, each) for each in wanted))
        self._sequences = frozenset((sequence,))
        self._sequence_wanted = sequence
        self.items: list[dict[int, bytes]] = []

    def _item(self, at: int, end: int, depth: int, explicit: bool, *, delimited: bool) -> int:
        if not depth and self._inside == self._sequence_wanted:
            self.items.append({})
        return super()._item(at, end, depth, explicit, delimited=delimited)

    def _keep(self, tag: int, at: int, length: int, end: int) -> None:
        if at + length <= end:  # else the walk ends here
            self.items[-1][tag & 0xFFFFFFFF] = bytes(self._data[at : at + length])
