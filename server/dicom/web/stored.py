"""A stored object read from its file: elements one by one, what is large never brought into memory.

pydicom's generator of elements is used rather than its Dataset, which would read all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack
from typing import Any, BinaryIO

from pydicom import config
from pydicom.charset import convert_encodings, default_encoding
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.filereader import data_element_generator

from server.dicom.limits import KIB, MIB
from server.dicom.upper.negotiation import ENCAPSULATED, IMPLICIT_LITTLE
from server.dicom.web.told import Attribute, attribute
from server.errors import Category, Fault, fault
from server.images import ImageObject

config.settings.reading_validation_mode = config.IGNORE  # what came is told as it came, without a remark

PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
"""Float, double float and ordinary pixel data."""
UNREADABLE = (
    ValueError, TypeError, AttributeError, KeyError, IndexError, RuntimeError, EOFError, OverflowError,
    NotImplementedError, LookupError,
)  # fmt: skip
"""What pydicom and its decoders raise over values that are not what they should be."""
_NEAR = 1 * KIB
"""Values above this that a viewer may not want are told of by their address."""
_FAR = 64 * KIB
"""Values above this are not even read."""
_MOST_SEQUENCE = 64 * MIB
_BULK = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN", "UT", "UC", "UR"})
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value lies in the file."""

    tag: int
    vr: str
    start: int
    length: int | None
    """None for encapsulated pixel data, which end with their delimiter."""


class Stored:
    """One object, while its file is open."""

    def __init__(self, image: ImageObject, file: BinaryIO) -> None:
        self.image = image
        self.file = file
        self.encapsulated = image.transfer_syntax in ENCAPSULATED
        self._encodings: Any = [default_encoding]
        self._pixels: Place | None = None

    def metadata(self, address: str) -> dict[str, Attribute]:
        """As DICOM JSON; pixel data and large values by their address below ``address`` (PS3.18 F.2.6)."""
        told = {
            f"{each.tag:08X}": self._told(each, address) for each in self._elements() if each.tag & 0xFFFF
        }
        if self._pixels is not None:
            told[f"{self._pixels.tag:08X}"] = _by_address(self._pixels.vr, self._pixels.tag, address)
        return told

    def pixels(self) -> Place:
        """Raises Fault(NOT_FOUND) where there are none."""
        for _ in self._elements():
            pass
        if self._pixels is None:
            raise fault(Category.NOT_FOUND, "not-found", "this instance has no pixel data")
        return self._pixels

    def place(self, tag: int) -> Place:
        """Of any element at the top level. Raises Fault(NOT_FOUND)."""
        for each in self._elements():
            if each.tag == tag and isinstance(each, RawDataElement) and each.length != _UNDEFINED:
                return Place(tag, _vr(each), each.value_tell, each.length)
        if self._pixels is not None and self._pixels.tag == tag:
            return self._pixels
        raise fault(Category.NOT_FOUND, "not-found", "this instance has no such bulk data")

    def _elements(self) -> Iterator[RawDataElement | DataElement]:
        """Those before the pixel data."""
        self.file.seek(132 + 8)
        start = 144 + unpack("<I", self.file.read(4))[0]  # behind the file meta information, PS3.10 7.1
        self.file.seek(start)
        implicit = self.image.transfer_syntax == IMPLICIT_LITTLE

        def stop(tag: Any, vr: str | None, length: int) -> bool:
            if tag not in PIXELS:
                return False
            found = vr or dictionary_VR(tag)
            at = self.file.tell()
            self._pixels = Place(int(tag), found, at, None if length == _UNDEFINED else length)
            return True

        try:
            yield from data_element_generator(self.file, implicit, True, stop, _FAR)
        except UNREADABLE as error:
            raise _unreadable() from error

    def _told(self, raw: RawDataElement | DataElement, address: str) -> Attribute:
        try:
            if isinstance(raw, DataElement):
                return _json(raw)
            vr = _vr(raw)
            if vr == "SQ":
                raw = self._read(raw)
            elif raw.value is None or (vr in _BULK and raw.length > _NEAR):
                return _by_address(vr, raw.tag, address)
            element = convert_raw_data_element(raw, encoding=self._encodings)
            if raw.tag == 0x00080005:
                self._encodings = convert_encodings(element.value)
                return attribute("SpecificCharacterSet", ["ISO_IR 192"])  # of what is told, not of the file
            return _json(element)
        except UNREADABLE:
            return {"vr": _vr(raw)}  # there is something, and it is not what its VR says

    def _read(self, raw: RawDataElement) -> RawDataElement:
        if raw.value is not None:
            return raw
        if raw.length > _MOST_SEQUENCE:
            raise fault(
                Category.TOO_LARGE, "too-costly", "a sequence of this instance is too large to be told"
            )
        back = self.file.tell()
        self.file.seek(raw.value_tell)
        value = self.file.read(raw.length)
        self.file.seek(back)
        return raw._replace(value=value)


def _vr(raw: RawDataElement | DataElement) -> str:
    if raw.VR and raw.VR != "UN":
        return str(raw.VR)
    try:
        return dictionary_VR(raw.tag).split(" ")[0]
    except KeyError:
        return "UN"


def _json(element: DataElement) -> Attribute:
    told: Attribute = element.to_json_dict(None, _MOST_SEQUENCE)
    return told


def plain(value: object) -> float | int | str:
    """Pydicom's numbers and UIDs are subclasses of the ordinary ones."""
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def _by_address(vr: str, tag: int, address: str) -> Attribute:
    return {"vr": vr, "BulkDataURI": f"{address}/bulkdata/{tag:08X}"}


def _unreadable() -> Fault:
    return fault(
        Category.NOT_ACCEPTABLE,
        "not-supported",
        "this instance cannot be taken apart here; it can be fetched as it came: "
        'multipart/related; type="application/dicom"; transfer-syntax=*',
    )
