"""Keys of a data folder: made by whichever process needs one first, and shared by all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from server.store.vault import flush_folder


def audit_key(data: Path) -> bytes:
    """The key of the audit lottery: repeatable for a case, and nobody can foresee it."""
    return secret(data, "audit.key", 32)


def secret(data: Path, name: str, size: int) -> bytes:
    """Random bytes, made once and never replaced: all processes of a data folder share them."""
    path = data / name
    draft = data / f".{path.stem}-{secrets.token_hex(8)}"
    if not path.exists():
        with draft.open("xb") as file:
            file.write(secrets.token_bytes(size))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # the first process wins; a key is never replaced
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        flush_folder(data)  # a key that a power cut takes back would draw other lots
    return path.read_bytes()
