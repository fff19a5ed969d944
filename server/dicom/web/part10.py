"""The head of a file that is sent: preamble, prefix, file meta information (PS3.10 section 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import unpack_from
from typing import IO

from server.dicom.web.multipart import Part
from server.errors import Category, Fault, fault

_LONGEST = 64 * 1024
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_CLASS, _INSTANCE, _SYNTAX = 0x0002, 0x0003, 0x0010


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of its data set, and where in the body that begins."""

    sop_class: str
    sop_instance: str
    syntax: str
    data: int


def head_of(body: IO[bytes], part: Part) -> Head:
    """Raises Fault(INCORRECT) when it is no file of DICOM."""
    body.seek(part.start)
    data = body.read(min(_LONGEST, part.end - part.start))
    if data[128:132] != b"DICM":
        raise _no("it is no DICOM file: after 128 bytes there must be DICM (PS3.10 7.1)")
    at = 132
    found: dict[int, bytes] = {}
    while data[at : at + 2] == b"\x02\x00":
        if at + 12 > len(data):
            raise _no("its file meta information is cut short, or longer than 64 KiB")
        number, vr = unpack_from("<H", data, at + 2)[0], data[at + 4 : at + 6]
        long = vr in _LONG
        length = unpack_from("<I", data, at + 8)[0] if long else unpack_from("<H", data, at + 6)[0]
        at += 12 if long else 8
        if at + length > len(data):
            raise _no("its file meta information is cut short, or longer than 64 KiB")
        found[number] = data[at : at + length].rstrip(b"\0 ")
        at += length
    try:
        sop_class, sop_instance, syntax = (
            found[each].decode("ascii") for each in (_CLASS, _INSTANCE, _SYNTAX)
        )
    except (KeyError, UnicodeDecodeError) as error:
        raise _no("its file meta information lacks SOP class, SOP instance or transfer syntax") from error
    return Head(sop_class, sop_instance, syntax, part.start + at)


def _no(text: str) -> Fault:
    return fault(Category.INCORRECT, "structure", text)
