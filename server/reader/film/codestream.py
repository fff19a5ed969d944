"""The size that a compressed picture states of itself, read before a decoder allocates anything. Pure.

A JPEG or JPEG 2000 stream carries its own rows and columns, and decoders believe them, not the header:
a few hundred bytes may ask for gigabytes.
"""

from __future__ import annotations

_SOI, _SOC, _SIZ = b"\xff\xd8", b"\xff\x4f", b"\xff\x51"
_JP2 = b"\x00\x00\x00\x0cjP  "
_SOF = {0xC0, 0xC1, 0xC2, 0xC3, 0xF7}
"""Start of frame: baseline, extended, progressive, lossless (T.81 table B.1); JPEG-LS (T.87)."""
_BARE = {0x01, *range(0xD0, 0xD8)}
_MOST_SEGMENTS = 1000


def size(stream: bytes) -> tuple[int, int] | None:
    """(rows, columns); None when it is not a picture that states them."""
    if stream.startswith(_JP2):
        at = stream.find(_SOC + _SIZ)
        stream = stream[at:] if at >= 0 else b""
    if stream.startswith(_SOC + _SIZ):
        return _siz(stream[6:])
    return _sof(stream) if stream.startswith(_SOI) else None


def _siz(segment: bytes) -> tuple[int, int] | None:
    """T.800 A.5.1 after marker and length: capabilities, then the grid's size and the offset of the image."""
    if len(segment) < 18:
        return None
    width, height, left, top = (int.from_bytes(segment[at : at + 4]) for at in (2, 6, 10, 14))
    return height - top, width - left


def _sof(stream: bytes) -> tuple[int, int] | None:
    """T.81 B.2.2: walk over marker segments to the frame header."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if at + 9 > len(stream) or stream[at] != 0xFF:
            return None
        kind = stream[at + 1]
        if kind == 0xFF or kind in _BARE:
            at += 1 if kind == 0xFF else 2
            continue
        if kind in _SOF:
            return int.from_bytes(stream[at + 5 : at + 7]), int.from_bytes(stream[at + 7 : at + 9])
        at += 2 + int.from_bytes(stream[at + 2 : at + 4])
    return None
