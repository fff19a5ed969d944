"""What is sent over DICOMweb, right or wrong: Part 10 files and multipart messages."""

from __future__ import annotations

from struct import pack

from tests.dicom import wire
from tests.dicom.encoded import ct, elements, encode

BOUNDARY = "edge"
RELATED = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
EXPLICIT = b"1.2.840.10008.1.2.1"
SEVERAL = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def meta(number: int, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    return pack("<HH2sH", 2, number, b"UI", len(value)) + value


def part10(
    data: bytes | None = None,
    instance: bytes = wire.INSTANCE,
    sop_class: bytes = wire.CT,
    syntax: bytes = EXPLICIT,
) -> bytes:
    """A file as a sender makes it."""
    group = meta(2, sop_class) + meta(3, instance) + meta(0x10, syntax)
    length = pack("<HH2sHI", 2, 0, b"UL", 4, len(group))
    return bytes(128) + b"DICM" + length + group + (ct(instance) if data is None else data)


def part(content: bytes, content_type: str = "application/dicom") -> bytes:
    return f"--{BOUNDARY}\r\nContent-Type: {content_type}\r\n\r\n".encode() + content + b"\r\n"


CLOSE = f"--{BOUNDARY}--\r\n".encode()


def message(*contents: bytes) -> bytes:
    return b"".join(part(each) for each in contents) + CLOSE


def picture(instance: bytes = wire.INSTANCE, **changed: bytes) -> bytes:
    """A CT image of 16 by 16 pixels that says all it needs to be shown; ``changed`` by tag, t00280010=..."""
    listed = elements(instance) | {
        0x00280002: (0x00280002, b"US", b"\1\0"),
        0x00280004: (0x00280004, b"CS", b"MONOCHROME2 "),
        0x00280100: (0x00280100, b"US", b"\x10\0"),
        0x00280101: (0x00280101, b"US", b"\x10\0"),
        0x00280102: (0x00280102, b"US", b"\x0f\0"),
        0x00280103: (0x00280103, b"US", b"\0\0"),
    }
    for name, value in changed.items():
        tag = int(name[1:], 16)
        listed[tag] = (tag, listed[tag][1], value)
    return encode(dict(sorted(listed.items())))
