"""``python -m tests.flow.made_up_hearing mllp``: the listener with a store of files, and faults on request.

A message is kept under the digest of its control id before it is answered; one that came before is not kept
again. What ``OBX-5`` asks for happens once: the process is killed before or after a message is kept.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from server import mllp, settings
from server.ending import one_sentence
from server.errors import Category, fault
from server.settings import Settings
from tests.hl7v2.listen.mllp import accepted, control_id


class Files:
    """A Hearing; durable against kill -9, which is all that is asked here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def hear(self, payload: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        assert links
        assert received_at.tzinfo
        if b"|full\r" in payload:
            raise fault(Category.UNAVAILABLE, "no-store", "the disk is full")
        self._at(b"|killed before\r", payload)
        self._keep(payload)
        self._at(b"|killed after\r", payload)
        return accepted(payload)

    def torn(self, payload: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        raise NotImplementedError

    def too_long(self, begin: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        assert links
        assert received_at.tzinfo
        return accepted(begin).replace(b"|AA|", b"|AR|")

    def _keep(self, payload: bytes) -> None:
        name = sha256(control_id(payload).encode()).hexdigest()
        staged = self._folder / f"{name}.{os.getpid()}"
        staged.write_bytes(payload)
        with suppress(FileExistsError):
            os.link(staged, self._folder / name)
        staged.unlink()

    def _at(self, point: bytes, payload: bytes) -> None:
        once = self._folder / point.decode().strip("|\r")
        if point in payload and not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def _open(chosen: Settings) -> Files:
    return Files(chosen.data / "messages")


if __name__ == "__main__":
    assert sys.argv[1:] == ["mllp"]
    with one_sentence():
        chosen = settings.load()
        chosen.data.mkdir(exist_ok=True)
        mllp.serve(chosen, _open)
