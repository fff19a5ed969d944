"""The server as a child process, on a data folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from joserfc.jwk import ECKey

from conformance.demo import interface
from conformance.demo.interface import Mllp
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.ehr import SYSTEM

_PROJECT = Path(__file__).resolve().parents[2]
CLIENT = "second-reader"
"""What the EHR calls the server, when that asks for a token."""
ARCHIVE = "pacs"
"""What the server calls the archive."""
AE = "SECONDREADER"
"""The server's AE title: called by the modality, and by the archive when that says what it keeps."""
_SCOPES = "system/*.crus"
_GRACE = 15.0
"""Seconds to finish what is in hand before the child is killed."""


class CannotStart(Exception):
    """One sentence that says what is in the way and what to do."""


def free_port(host: str, wanted: int, option: str) -> int:
    """``wanted`` when nobody listens there; 0 gives any free port.

    Raises:
        CannotStart: the port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise CannotStart(
                f"Port {wanted} on {host} is in use or not allowed; "
                f"stop what listens there, or choose another with {option} (0 takes any free one)."
            ) from error
        port: int = probe.getsockname()[1]
        return port


def usable(folder: Path) -> Path:
    """The folder, made if need be and proved writable.

    Raises:
        CannotStart: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        reason = error.strerror or "not allowed"
        raise CannotStart(
            f"The data folder {folder} cannot be written ({reason}); choose another with --data."
        ) from error
    return folder


@dataclass(frozen=True, slots=True)
class Dicom:
    """Ports on this machine: of the server's DICOM door, and of the archive that it answers into."""

    port: int
    archive: int


def destinations(
    folder: Path,
    ehr_base: str,
    key: ECKey | None = None,
    dicom: Dicom | None = None,
    mllp: Mllp | None = None,
) -> Path:
    """The file that tells the server where results go back to, and beside it the key that it shows there."""
    path = folder / "destinations.toml"
    path.write_text(
        "[[destination]]\n"
        'name = "ehr"\n'
        f'base = "{ehr_base}"\n'
        f'identifier_systems = ["{SYSTEM}/task"]\n'
        "timeout_seconds = 5\n"
        + ("" if key is None else _login(folder / "ehr-login.jwk.json", key))
        + ("" if dicom is None else _archive(dicom.archive))
        + ("" if mllp is None else interface.table(mllp.ris))
    )
    return path


def _archive(port: int) -> str:
    return (
        "\n[[pacs]]\n"
        f'name = "{ARCHIVE}"\n'
        'serves = ["ehr"]\n'
        'accepts = ["sr", "map", "capture", "kos"]\n'
        f'ae = "PACS"\nhost = "127.0.0.1"\nport = {port}\n'
        f'calling_ae = "{AE}"\ncommitment = "ask"\n'
    )


def _login(file: Path, key: ECKey) -> str:
    file.touch(mode=0o600)
    file.write_text(json.dumps(key.as_dict(private=True)))
    return f'client_id = "{CLIENT}"\nprivate_key = "{file.name}"\nscopes = "{_SCOPES}"\n'


class Child:
    """``python -m server up``; leave the context and all its processes are gone."""

    def __init__(  # noqa: PLR0917 - what a server is started with
        self,
        data: Path,
        port: int,
        ehr_base: str,
        patience: float = 60.0,
        key: ECKey | None = None,
        dicom: Dicom | None = None,
        mllp: Mllp | None = None,
    ) -> None:
        """``key``: what the server proves itself with to an EHR that asks for a token.

        ``dicom``, ``mllp``: None: without that door.
        """
        self.base = f"http://127.0.0.1:{port}/fhir"
        self.log = data / "server.log"
        self._port = port
        self.data = data
        self._ehr_base = ehr_base
        self._key = key
        self._dicom, self._mllp = dicom, mllp
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str) -> str:
        """What a command of the server prints, run as its operator does.

        Raises:
            NotDone: it refused.
        """
        made = subprocess.run(
            [sys.executable, "-m", "server", *words],
            cwd=_PROJECT,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self._patience,
            check=False,
        )
        if made.returncode:
            raise NotDone(f"'{words[0]} {words[1]}' ended with {made.returncode}: {made.stderr.strip()}")
        return made.stdout

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C at the terminal is ours to pass on, in order.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server", "up"],
                cwd=_PROJECT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_up(self._process)
        except BaseException:
            self._end(self._process)
            raise
        return self

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "SECOND_READER_DATA": str(self.data),
            "SECOND_READER_DATABASE_URL": "",  # whatever stands in the environment: no demonstration there
            "SECOND_READER_PORT": str(self._port),
            "SECOND_READER_DICOM_PORT": str(self._dicom.port if self._dicom else 0),
            "SECOND_READER_DICOM_PEERS": "",
            "SECOND_READER_MLLP_PORT": str(self._mllp.port if self._mllp else 0),
            "SECOND_READER_MLLP_LINKS": str(interface.links(self.data)) if self._mllp else "",
            "SECOND_READER_DESTINATIONS": str(
                destinations(self.data, self._ehr_base, self._key, self._dicom, self._mllp)
            ),
        }

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._end(self._process)

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._patience
        with FhirClient(self.base, timeout=2.0) as client:
            while not _healthy(client):
                if process.poll() is not None:
                    ended = f"it ended with status {process.returncode}"
                    raise CannotStart(f"The server did not come up: {ended}. {self._last_words()}")
                if time.monotonic() > deadline:
                    late = f"no answer within {self._patience:.0f} s"
                    raise CannotStart(f"The server did not come up: {late}. {self._last_words()}")
                time.sleep(0.1)

    def _last_words(self) -> str:
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        said = f"Its last words: {lines[-1].strip()}" if lines else "It said nothing."
        return f"{said} (all of it: {self.log})"

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _sweep(process.pid)


def _healthy(client: FhirClient) -> bool:
    try:
        client.beside("/health")
    except NotDone:
        return False
    return True


def _sweep(group: int) -> None:
    """Whatever the child started and did not end itself."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return  # nothing is left: the usual case
