"""Blocks of MLLP in what comes back: VT, payload, FS CR; what stands between them is skipped. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

VT, END = b"\x0b", b"\x1c\x0d"
LARGEST: Final = 256 * 1024
"""Bytes of one answer."""


class TooMuch(Exception):
    """What comes is no answer any more."""


class Frames:
    """Feed it, and it gives whole payloads."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._held += data
        while (begin := self._held.find(VT)) >= 0:
            del self._held[:begin]
            end = self._held.find(END)
            if end < 0:
                break
            yield bytes(self._held[1:end])
            del self._held[: end + 2]
        else:
            self._held.clear()
        if len(self._held) > LARGEST:
            raise TooMuch
