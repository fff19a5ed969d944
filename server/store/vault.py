"""Bytes by digest. A file is whole, flushed and named by its SHA-256 before anyone relies on it.

The order is the one that survives a power cut: write under a staging name, fsync the file,
rename, fsync the folder (docs/decisions/0001). Names never come from input.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_STALE_SECONDS = 600
_NEAR_BYTES = 1024 * 1024 + 64 * 1024
"""Above this a staged file is one."""


class Vault:
    """A content-addressed folder."""

    def __init__(self, folder: Path) -> None:
        self._objects = folder / "vault"
        self._staging = folder / "staging"
        for each in (self._objects, self._staging):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_homes()

    def put(self, content: bytes) -> str:
        """Store ``content`` durably; returns its SHA-256. Storing the same bytes again is harmless."""
        digest = hashlib.sha256(content).hexdigest()
        if self._has(digest):
            return digest
        staged = self.stage()
        try:
            staged.write(content)
            return staged.finish()
        finally:
            staged.abandon()

    def stage(self) -> StagedFile:
        """A file to be written piece by piece, and then put under its digest or abandoned."""
        return StagedFile(self._staging / secrets.token_hex(16), self._settle)

    def free(self) -> tuple[int, int]:
        """Bytes free to us, and bytes in all, of the disk."""
        seen = os.statvfs(self._staging)
        return seen.f_bavail * seen.f_frsize, seen.f_blocks * seen.f_frsize

    def get(self, digest: str) -> bytes:
        """The bytes of ``digest``; raises FileNotFoundError when they are not here."""
        return (self._objects / digest[:2] / digest).read_bytes()

    def open(self, digest: str) -> BinaryIO:
        """The same as a file, for what is too large to be held in memory."""
        return (self._objects / digest[:2] / digest).open("rb")

    def _make_homes(self) -> None:
        """All at once: made one by one, each of the first objects would wait for one flush more."""
        homes = [self._objects / f"{number:02x}" for number in range(256)]
        if not homes[-1].exists():
            for each in homes:
                each.mkdir(mode=0o700, exist_ok=True)
        flush_folder(self._objects)  # always: who made them may not have come to it

    def _has(self, digest: str) -> bool:
        home = self._objects / digest[:2]
        there = (home / digest).exists()
        if there:
            flush_folder(home)  # another process may have renamed it and not yet flushed the name
        return there

    def _settle(self, staged: Path, digest: str) -> None:
        """A flushed file gets its name; ``staged`` is gone afterwards."""
        if self._has(digest):
            staged.unlink()
            return
        home = self._objects / digest[:2]
        staged.rename(home / digest)
        flush_folder(home)

    def sweep(self) -> int:
        """Remove staging files that a dead process left behind; returns how many."""
        horizon = time.time() - _STALE_SECONDS
        stale = [each for each in self._staging.iterdir() if each.stat().st_mtime < horizon]
        for each in stale:
            each.unlink(missing_ok=True)
        return len(stale)


class StagedFile:
    """One file on its way into the vault: in memory while it is small. Used by one thread at a time."""

    def __init__(self, path: Path, settle: Callable[[Path, str], None]) -> None:
        self._path = path
        self._settle = settle
        self._digest = hashlib.sha256()
        self._near = bytearray()
        self._file: int | None = None
        self._there = False
        """Under its staging name, or on the way from it."""
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._size

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Raises OSError."""
        self._size += len(data)
        self._near += data
        if len(self._near) > _NEAR_BYTES:
            self._spill()

    @contextmanager
    def content(self) -> Iterator[bytearray | mmap.mmap]:
        """All that was written, to be read before ``finish``; what is large is not brought into memory."""
        if self._file is None:
            yield self._near
            return
        self._spill()
        with mmap.mmap(self._file, 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped

    def finish(self) -> str:
        """Make it durable under its SHA-256, which is returned. Raises OSError: then it is not."""
        self._spill()
        if self._file is not None:
            os.fsync(self._file)
            self._close()
        digest = self._digest.hexdigest()
        self._settle(self._path, digest)
        self._there = False
        return digest

    def abandon(self) -> None:
        """Leave nothing in the staging folder. Harmless after ``finish``."""
        self._near.clear()
        self._close()
        if self._there:
            self._path.unlink(missing_ok=True)
            self._there = False

    def _spill(self) -> None:
        """What is in memory goes to the file."""
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._there = True
        self._digest.update(self._near)
        with memoryview(self._near) as rest:
            at = 0
            while at < len(rest):
                at += os.write(self._file, rest[at:])
        self._near = bytearray()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def flush_folder(folder: Path) -> None:
    """Make the entries of a folder durable: renames, links, removals."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
