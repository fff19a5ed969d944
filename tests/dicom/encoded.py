"""Data sets as a modality encodes them, right or wrong, element by element."""

from __future__ import annotations

from struct import pack

from tests.dicom import wire

STUDY, SERIES = b"1.2.826.0.1.3680043.8.498.2", b"1.2.826.0.1.3680043.8.498.3"
_LONG = frozenset((b"OB", b"OW", b"SQ", b"UN", b"UT", b"OF"))
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

Element = tuple[int, bytes, bytes]


def explicit(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    size = len(value) if length is None else length
    head = pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    return head + (pack("<xxI", size) if vr in _LONG else pack("<H", size)) + value


def implicit(tag: int, _: bytes, value: bytes, length: int | None = None) -> bytes:
    return pack("<HHI", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def bare(tag: int, value: bytes = b"", length: int | None = None) -> bytes:
    """An item or a delimiter."""
    return implicit(tag, b"", value, length)


def even(value: bytes, padding: bytes = b" ") -> bytes:
    return value + padding * (len(value) % 2)


def elements(instance: bytes = wire.INSTANCE, pixels: int = 512) -> dict[int, Element]:
    """A small CT image."""
    listed: tuple[Element, ...] = (
        (0x00080005, b"CS", b"ISO_IR 100"),
        (0x00080016, b"UI", wire.uid(wire.CT)),
        (0x00080018, b"UI", wire.uid(instance)),
        (0x00080020, b"DA", b"20260105"),
        (0x00080050, b"SH", b"ACC-1 "),
        (0x00080060, b"CS", b"CT"),
        (0x00100010, b"PN", even("Müller^Ada".encode("latin-1"))),
        (0x00100020, b"LO", b"PAT-1 "),
        (0x00100030, b"DA", b"19700101"),
        (0x0020000D, b"UI", wire.uid(STUDY)),
        (0x0020000E, b"UI", wire.uid(SERIES)),
        (0x00200013, b"IS", b"7 "),
        (0x00280010, b"US", pack("<H", 16)),
        (0x00280011, b"US", pack("<H", 16)),
        (0x7FE00010, b"OW", bytes(pixels)),
    )
    return {each[0]: each for each in listed}


def encode(listed: dict[int, Element], *, in_implicit: bool = False) -> bytes:
    write = implicit if in_implicit else explicit
    return b"".join(write(*each) for each in listed.values())


def ct(instance: bytes = wire.INSTANCE, pixels: int = 512, *, in_implicit: bool = False) -> bytes:
    return encode(elements(instance, pixels), in_implicit=in_implicit)


def ct_with(*more: bytes, without: tuple[int, ...] = ()) -> bytes:
    """The CT image, with what is encoded already put before its pixels, and without some elements."""
    kept = {tag: each for tag, each in elements().items() if tag not in without and tag != 0x7FE00010}
    return encode(kept) + b"".join(more) + explicit(*elements()[0x7FE00010])
