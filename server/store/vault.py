"""Bytes by digest. A file is whole, flushed and named by its SHA-256 before anyone relies on it.

The order is the one that survives a power cut: write under a staging name, fsync the file,
rename, fsync the folder (docs/decisions/0001). Names never come from input.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from pathlib import Path

_STALE_SECONDS = 600


class Vault:
    """A content-addressed folder."""

    def __init__(self, folder: Path) -> None:
        self._objects = folder / "vault"
        self._staging = folder / "staging"
        for each in (self._objects, self._staging):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Store ``content`` durably; returns its SHA-256. Storing the same bytes again is harmless."""
        digest = hashlib.sha256(content).hexdigest()
        home = self._objects / digest[:2]
        final = home / digest
        if final.exists():
            flush_folder(home)  # another process may have renamed it and not yet flushed the name
            return digest
        home.mkdir(mode=0o700, exist_ok=True)
        flush_folder(self._objects)
        staged = self._staging / secrets.token_hex(16)
        with staged.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staged.rename(final)
        flush_folder(home)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes of ``digest``; raises FileNotFoundError when they are not here."""
        return (self._objects / digest[:2] / digest).read_bytes()

    def sweep(self) -> int:
        """Remove staging files that a dead process left behind; returns how many."""
        horizon = time.time() - _STALE_SECONDS
        stale = [each for each in self._staging.iterdir() if each.stat().st_mtime < horizon]
        for each in stale:
            each.unlink(missing_ok=True)
        return len(stale)


def flush_folder(folder: Path) -> None:
    """Make the entries of a folder durable: renames, links, removals."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
