"""The process ``mllp`` on a folder of its own, and what can be seen of it from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pysqlite3

from tests.flow.processes import PROJECT, Program, free_port, members, until
from tests.hl7v2.listen.mllp import Speaker

MADE_UP = "tests.flow.made_up_hearing"


@dataclass
class Interface:
    """Started by ``python -m server mllp``, or with ``MADE_UP``'s store."""

    data: Path
    port: int
    program: Program

    def start(self) -> None:
        self.program.start()
        until(self.ready, 60.0, "the HL7 v2 door listens")

    def ready(self) -> bool:
        return self.program.log.read_bytes().count(b'"listening"') >= 2

    def stored(self) -> Counter[str]:
        """How often there is a message of each control id in the real store."""
        with closing(pysqlite3.connect(self.data / "second-reader.db")) as connection:
            rows = connection.execute("SELECT control_id, count(*) FROM message GROUP BY 1")
            return Counter(dict(rows.fetchall()))

    def kept(self) -> Counter[bytes]:
        """How often each message was kept as a new one, in the store that is made up."""
        named = [each for each in (self.data / "messages").iterdir() if each.name.isalnum()]
        return Counter(each.read_bytes() for each in named)

    def memory(self) -> list[int]:
        """Bytes of each process that are its own: files that are mapped or cached are not."""
        found = []
        for pid in members(self.program.pid):
            status = Path(f"/proc/{pid}/status").read_text()
            lines = dict(line.split(":", 1) for line in status.splitlines())
            found.append(int(lines["RssAnon"].split()[0]) * 1024)
        return found

    def speaker(self, source: str = "127.0.0.1") -> Speaker:
        return Speaker(self.port, source=source)


@contextmanager
def interface(folder: Path, module: str = "server", **more: str) -> Iterator[Interface]:
    """Started, with its logs in ``folder``; left, all is gone. ``more``: other settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_READER_")}
    port = free_port()
    ours = {"DATA": str(folder / "data"), "MLLP_PORT": str(port), **more}
    environment = clean | {f"SECOND_READER_{name}": value for name, value in ours.items()}
    (folder / "logs").mkdir()
    program = Program("mllp", environment, folder / "logs", module)
    if module == "server":
        subprocess.run([sys.executable, "-m", "server", "migrate"], env=environment, cwd=PROJECT, check=True)
    made = Interface(folder / "data", port, program)
    try:
        made.start()
        yield made
    finally:
        made.program.close()
