"""``python -m server dicom`` on a folder of its own, and what can be seen of it from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.dicom import wire
from tests.dicom.door import Speaker
from tests.flow.processes import PROJECT, Program, free_port, members, until


@dataclass
class Listener:
    """``python -m server dicom``."""

    data: Path
    port: int
    program: Program

    def start(self) -> None:
        self.program.start()
        until(self.ready, 60.0, "the DICOM door listens")

    def ready(self) -> bool:
        return self.program.log.read_bytes().count(b'"listening"') >= 2

    def files(self) -> list[Path]:
        return sorted(each for each in (self.data / "vault").rglob("*") if each.is_file())

    def staged(self) -> list[Path]:
        return list((self.data / "staging").iterdir())

    def memory(self) -> list[int]:
        """Bytes of each process that are its own: files that are mapped or cached are not."""
        found = []
        for pid in members(self.program.pid):
            status = Path(f"/proc/{pid}/status").read_text()
            lines = dict(line.split(":", 1) for line in status.splitlines())
            found.append(int(lines["RssAnon"].split()[0]) * 1024)
        return found

    def associated(self, request: bytes | None = None) -> Speaker:
        speaker = Speaker(self.port)
        speaker.send(wire.request() if request is None else request)
        assert speaker.read()[0] == 0x02
        return speaker


@contextmanager
def listening(
    data: Path, folder: Path, peers: Callable[[int], str] | None = None, **more: str
) -> Iterator[Listener]:
    """Started, with its logs in ``folder``; left, all is gone. ``peers``: its port -> the file of peers.

    ``more``: other settings.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_READER_")}
    port = free_port()
    ours = {"SECOND_READER_DATA": str(data), "SECOND_READER_DICOM_PORT": str(port)}
    ours |= {f"SECOND_READER_{name}": value for name, value in more.items()}
    if peers is not None:
        (folder / "peers.toml").write_text(peers(port))
        ours["SECOND_READER_DICOM_PEERS"] = str(folder / "peers.toml")
    (folder / "logs").mkdir()
    made = Listener(data, port, Program("dicom", clean | ours, folder / "logs"))
    subprocess.run([sys.executable, "-m", "server", "migrate"], env=clean | ours, cwd=PROJECT, check=True)
    try:
        made.start()
        yield made
    finally:
        made.program.close()
