"""The body of a request, whole or not at all.

WSGI servers hand over what has arrived when a peer goes away, as if that were everything. The
count is therefore compared with Content-Length here too, although the front sends on only whole
requests.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO

from server.errors import Category, Fault, fault

_CHUNK = 65_536
_SQUEEZE = 100
"""Inflated bytes per byte sent that we follow; more is a bomb."""


def read_body(stream: BinaryIO, declared: int | None, encoding: str, limit: int) -> bytes:
    """All bytes of the body, inflated.

    Raises:
        Fault: TOO_LARGE above ``limit``; INCORRECT when fewer bytes came than were declared;
            UNSUPPORTED for an encoding other than gzip.
    """
    if encoding not in ("", "identity", "gzip"):
        raise fault(Category.UNSUPPORTED, "not-supported", "Content-Encoding: gzip or none is accepted")
    if declared is not None and declared > limit:
        raise _too_long(limit)
    raw = _all(stream, declared, limit)
    return _inflated(raw, limit) if encoding == "gzip" else raw


def _all(stream: BinaryIO, declared: int | None, limit: int) -> bytes:
    pieces, size = [], 0
    while piece := stream.read(min(_CHUNK, limit + 1 - size)):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise _too_long(limit)
    if declared is not None and size != declared:
        raise fault(
            Category.INCORRECT, "incomplete", "the body is shorter than Content-Length says; send it again"
        )
    return b"".join(pieces)


def _inflated(raw: bytes, limit: int) -> bytes:
    bound = min(limit, _SQUEEZE * max(len(raw), 1_000))
    inflater = zlib.decompressobj(wbits=31)
    try:
        content = inflater.decompress(raw, bound + 1)
    except zlib.error as error:
        raise fault(Category.INCORRECT, "structure", "the body is not valid gzip") from error
    if len(content) > bound:
        raise _too_long(bound)
    if not inflater.eof or inflater.unused_data:
        raise fault(Category.INCORRECT, "structure", "the gzip body is cut short or has bytes after its end")
    return content


def _too_long(limit: int) -> Fault:
    return fault(Category.TOO_LARGE, "too-long", f"at most {limit} bytes are accepted")
