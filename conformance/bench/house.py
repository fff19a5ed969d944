"""The server under measurement: on a data folder of its own, its processes started one by one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from conformance.bench.archives import await_port
from conformance.bench.processes import Cost, tree
from conformance.demo.child import CannotStart, free_port, usable
from conformance.peers.client import FhirClient, NotDone

_PROJECT = Path(__file__).resolve().parents[2]
_HOST = "127.0.0.1"
_PATIENCE = 60.0
_GRACE = 40.0
_CASES = "second_reader_cases{"
_PREFIX = "SECOND_READER_"
_OURS = (
    "DATA", "PORT", "HOST", "BASE_URL", "DESTINATIONS", "OPEN_NETWORK", "DATABASE_URL",
    "DICOM_HOST", "DICOM_PORT", "DICOM_PEERS", "MLLP_HOST", "MLLP_PORT", "MLLP_TLS_PORT", "MLLP_LINKS",
)  # fmt: skip
"""Settings that the bench decides; all others are measured as the caller has set them."""


class House:
    """``migrate``, then its processes when asked for; left, nothing of it is there.

    ``database``: the URL of an empty PostgreSQL database, which is left filled; empty: SQLite in the folder.
    """

    def __init__(self, folder: Path | None, database: str = "") -> None:
        self._database = database
        parent = usable(folder if folder is not None else _PROJECT / "var")
        self.data = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
        self.port = free_port(_HOST, 0, "--server")
        self.dicom_port = free_port(_HOST, 0, "--server")
        self.mllp_port = free_port(_HOST, 0, "--server")
        self.host = _HOST
        self.base = f"http://{_HOST}:{self.port}/fhir"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        done = subprocess.run(
            [sys.executable, "-m", "server", "migrate"],
            cwd=_PROJECT,
            env=self._environment(),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            self._clear()
            raise CannotStart(
                f"The server's schema could not be made: {done.stderr.decode(errors='replace')[-400:]}"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in list(self._running):
            self.stop(name)
        self._clear()

    def web(self) -> None:
        """Start the HTTP processes and wait until they answer.

        Raises:
            CannotStart: they do not.
        """
        process = self._start("web")
        deadline = time.monotonic() + _PATIENCE
        with FhirClient(self.base, timeout=2.0) as client:
            while not _answers(client):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise CannotStart(f"The server did not come up. {self._last_words('web')}")
                time.sleep(0.05)

    def dicom(self) -> None:
        """Start the DICOM door and wait until it listens.

        Raises:
            CannotStart: it does not.
        """
        self._door("dicom", self.dicom_port)

    def mllp(self) -> None:
        """Start the HL7 v2 door and wait until it listens.

        Raises:
            CannotStart: it does not.
        """
        self._door("mllp", self.mllp_port)

    def _door(self, name: str, port: int) -> None:
        process = self._start(name)
        try:
            await_port(process, port, f"The door {name}")
        except CannotStart as failure:
            raise CannotStart(f"{failure} {self._last_words(name)}") from failure

    def work(self) -> None:
        """Start one worker; it begins when it has loaded its models."""
        self._start("work")

    def stop(self, name: str) -> None:
        """End ``web`` or ``work`` in order, and wait for it."""
        process = self._running.pop(name)
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def costs(self, name: str) -> list[Cost]:
        """CPU and memory of the processes of ``web`` or ``work``; none when it is not running."""
        process = self._running.get(name)
        return tree(process.pid) if process is not None else []

    def cases(self) -> int:
        """How many cases the server counts, in any state (GET /metrics)."""
        url = f"http://{_HOST}:{self.port}/metrics"
        lines = httpx.get(url, trust_env=False, timeout=_PATIENCE).text.splitlines()
        return sum(int(float(line.split()[-1])) for line in lines if line.startswith(_CASES))

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        with (self.data / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "server", name],
                cwd=_PROJECT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._running[name] = process
        return process

    def _environment(self) -> dict[str, str]:
        ours = {_PREFIX + each for each in _OURS}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        chosen = {"DATA": str(self.data), "PORT": str(self.port), "DATABASE_URL": self._database}
        chosen |= {"DICOM_PORT": str(self.dicom_port), "MLLP_PORT": str(self.mllp_port)}
        return kept | {_PREFIX + name: value for name, value in chosen.items()}

    def _last_words(self, name: str) -> str:
        lines = (self.data / f"{name}.log").read_text(errors="replace").splitlines()
        return f"Its last words: {lines[-1].strip()}" if lines else "It said nothing."

    def _clear(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)


def _answers(client: FhirClient) -> bool:
    try:
        client.beside("/health")
    except NotDone:
        return False
    return True
