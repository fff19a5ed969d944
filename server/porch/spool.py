"""Bytes on their way through: in memory while they are few, else in an unlinked temporary file."""

from __future__ import annotations

import tempfile
from threading import Lock
from typing import IO

from server.porch.limits import PorchLimits


class Memory:
    """How much all spools of one process hold in memory; shared by its threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._lock = Lock()

    @property
    def held(self) -> int:
        """Bytes."""
        return self._held

    def take(self, size: int) -> bool:
        """Reserve ``size`` bytes; False, and nothing reserved, when that is more than is left."""
        with self._lock:
            if self._held + size > self._limit:
                return False
            self._held += size
            return True

    def give_back(self, size: int) -> None:
        with self._lock:
            self._held -= size


class Spool:
    """First in, first out. Used by one thread at a time; ``append`` raises OSError when the disk is full."""

    def __init__(self, limits: PorchLimits, memory: Memory) -> None:
        self._limits = limits
        self._memory = memory
        # Rolled over by us, not by its own limit: the limit of all spools together counts too.
        self._file = tempfile.SpooledTemporaryFile(max_size=0, dir=limits.spool_folder)  # noqa: SIM115
        self._held = 0
        self._on_disk = False
        self._size = 0
        self._taken = 0

    @property
    def left(self) -> int:
        """Bytes appended and not yet read."""
        return self._size - self._taken

    @property
    def size(self) -> int:
        """Bytes appended in all."""
        return self._size

    @property
    def on_disk(self) -> bool:
        return self._on_disk

    def append(self, data: bytes) -> None:
        if not self._on_disk and not self._hold(len(data)):
            self._file.rollover()
            self._on_disk = True
            self._release()
        self._file.seek(self._size)
        self._file.write(data)
        self._size += len(data)

    def read(self, size: int) -> bytes:
        """The next bytes, at most ``size``; empty at the end."""
        data = self.peek(size)
        self.skip(len(data))
        return data

    def file(self) -> IO[bytes]:
        """All that was appended, to be read as a file; nothing is appended any more."""
        self._file.seek(0)
        return self._file

    def peek(self, size: int) -> bytes:
        """As ``read``, but they stay."""
        self._file.seek(self._taken)
        return self._file.read(size)

    def skip(self, size: int) -> None:
        self._taken += size

    def close(self) -> None:
        self._release()
        self._file.close()

    def _hold(self, size: int) -> bool:
        if self._held + size > self._limits.spool_bytes or not self._memory.take(size):
            return False
        self._held += size
        return True

    def _release(self) -> None:
        self._memory.give_back(self._held)
        self._held = 0
