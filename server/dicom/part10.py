"""The head of a file: preamble, prefix, file meta information (PS3.10 section 7.1); what of them is taken."""

from __future__ import annotations

from dataclasses import dataclass
from struct import unpack_from

from server.dicom.upper.negotiation import STORAGE_CLASSES, SYNTAXES
from server.dicom.whole import LONG_VRS
from server.errors import Category, Fault, fault

LONGEST_HEAD = 64 * 1024
_CLASS, _INSTANCE, _SYNTAX = 0x0002, 0x0003, 0x0010
_CUT = "its file meta information is cut short, or longer than 64 KiB"


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of its data set, and at which byte of it that begins."""

    sop_class: str
    sop_instance: str
    syntax: str
    data: int


def has_prefix(data: bytes) -> bool:
    """``data``: the first bytes of a file."""
    return data[128:132] == b"DICM"


def head_of(data: bytes) -> Head:
    """``data``: the first ``LONGEST_HEAD`` bytes of a file. Raises Fault(INCORRECT)."""
    if not has_prefix(data):
        raise _no("it is no DICOM file: after 128 bytes there must be DICM (PS3.10 7.1)")
    at = 132
    found: dict[int, bytes] = {}
    while data[at : at + 2] == b"\x02\x00":
        if at + 12 > len(data):
            raise _no(_CUT)
        number, vr = unpack_from("<H", data, at + 2)[0], data[at + 4 : at + 6]
        long = vr in LONG_VRS
        length = unpack_from("<I", data, at + 8)[0] if long else unpack_from("<H", data, at + 6)[0]
        at += 12 if long else 8
        if at + length > len(data):
            raise _no(_CUT)
        found[number] = data[at : at + length].rstrip(b"\0 ")
        at += length
    try:
        sop_class, sop_instance, syntax = (
            found[each].decode("ascii") for each in (_CLASS, _INSTANCE, _SYNTAX)
        )
    except (KeyError, UnicodeDecodeError) as error:
        raise _no("its file meta information lacks SOP class, SOP instance or transfer syntax") from error
    return Head(sop_class, sop_instance, syntax, at)


def demand_taken(head: Head, size: int, most: int) -> None:
    """``size``: bytes of the data set. Raises Fault, unless it is something that is stored here."""
    if head.sop_class not in STORAGE_CLASSES:
        text = "its SOP class is not stored here: images, reports, maps, presentation states, documents are"
        raise fault(Category.UNSUPPORTED, "not-supported", text)
    if head.syntax not in SYNTAXES:
        text = (
            "its transfer syntax is not stored here: Implicit and Explicit VR Little Endian, RLE, JPEG, "
            "JPEG-LS, JPEG 2000 and JPEG XL are"
        )
        raise fault(Category.UNSUPPORTED, "not-supported", text)
    if size > most:
        text = f"it is larger than the {most} bytes that one object may have"
        raise fault(Category.TOO_LARGE, "too-long", text)


def _no(text: str) -> Fault:
    return fault(Category.INCORRECT, "structure", text)
