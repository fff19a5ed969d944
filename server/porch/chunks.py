"""The chunked transfer coding (RFC 9112 section 7.1), read as it arrives: bytes in, content out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto

from server.porch.head import parse_fields
from server.porch.limits import KIB, PorchLimits
from server.porch.reasons import Reason, Refusal

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?")
_SIZE_LINE_BYTES = 1 * KIB
_FREE_FRAMING = 64 * KIB
_CONTENT_PER_FRAMING = 8
"""Above the free framing, each byte of it must bring 8 of content: chunks of a few bytes cost us far more
than their sender (compare CVE-2023-39326)."""


class _Part(Enum):
    SIZE = auto()
    CONTENT = auto()
    CONTENT_END = auto()
    TRAILERS = auto()
    DONE = auto()


class ChunkReader:
    """Decodes one chunked body. Trailers are checked and dropped (RFC 9112 section 7.1.2)."""

    def __init__(self, limits: PorchLimits) -> None:
        self._limits = limits
        self._part = _Part.SIZE
        self._left = 0
        self._content = 0
        self._framing = 0
        self._trailer_lines: list[bytes] = []
        self._trailer_bytes = 0
        self._buffer = bytearray()

    @property
    def done(self) -> bool:
        """True once the last chunk and the trailer section have ended."""
        return self._part is _Part.DONE

    def take_rest(self) -> bytes:
        """Bytes that followed the body: the beginning of the next request."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def read(self, data: bytes) -> Iterator[bytes]:
        """Yield the content in ``data``, piece by piece. Raises Refusal, for the size at the size line."""
        self._buffer += data
        at = 0
        while self._part is not _Part.DONE:
            if self._part is _Part.CONTENT:
                piece = bytes(self._buffer[at : at + self._left])
                if not piece:
                    break
                at += len(piece)
                self._left -= len(piece)
                self._part = _Part.CONTENT if self._left else _Part.CONTENT_END
                yield piece
                continue
            line = self._line(at)
            if line is None:
                break
            at += len(line) + 2
            self._take_line(line)
        del self._buffer[:at]

    def _line(self, at: int) -> bytes | None:
        end = self._buffer.find(b"\r\n", at)
        line = bytes(self._buffer[at : end if end >= 0 else len(self._buffer)])
        if len(line) > self._longest_line() or b"\n" in line:
            raise Refusal(Reason.CHUNK)
        return None if end < 0 else line

    def _longest_line(self) -> int:
        """Bytes; after content there is nothing but CR LF, of which the CR may have come alone."""
        if self._part is _Part.TRAILERS:
            return self._limits.head_bytes
        return 1 if self._part is _Part.CONTENT_END else _SIZE_LINE_BYTES

    def _take_line(self, line: bytes) -> None:
        if self._part is _Part.SIZE:
            self._take_size(line)
        elif self._part is _Part.CONTENT_END:
            if line:
                raise Refusal(Reason.CHUNK)
            self._part = _Part.SIZE
        else:
            self._take_trailer(line)

    def _take_size(self, line: bytes) -> None:
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            raise Refusal(Reason.CHUNK)
        self._left = int(match[1], 16)
        self._content += self._left
        self._framing += len(line) + 4
        if self._content > self._limits.body_bytes:
            raise Refusal(Reason.BODY_TOO_LARGE)
        if self._framing > self._content // _CONTENT_PER_FRAMING + _FREE_FRAMING:
            raise Refusal(Reason.CHUNKS_TOO_SMALL)
        self._part = _Part.CONTENT if self._left else _Part.TRAILERS

    def _take_trailer(self, line: bytes) -> None:
        self._trailer_bytes += len(line) + 2
        if (
            self._trailer_bytes > self._limits.head_bytes
            or len(self._trailer_lines) > self._limits.header_fields
        ):
            raise Refusal(Reason.HEAD_TOO_LARGE)
        if line:
            self._trailer_lines.append(line)
            return
        parse_fields(self._trailer_lines)
        self._part = _Part.DONE
