"""Archives to stand beside: DCMTK's storescp and Orthanc, each as its makers ship it, on loopback."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from conformance.demo.child import CannotStart, free_port

_HOST = "127.0.0.1"
_PATIENCE = 30.0
_STORESCP = Path("/usr/bin/storescp")
"""By its whole path: pynetdicom's wheel brings a Python program of this name."""


def orthanc() -> str | None:
    """Where Orthanc is, if it is here."""
    return shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")


def has_storescp() -> bool:
    return _STORESCP.exists()


@contextmanager
def storescp(folder: Path, *, nagle: bool) -> Iterator[int]:
    """Its port. It flushes nothing; a process for each association."""
    port = free_port(_HOST, 0, "")
    folder.mkdir(parents=True)
    environment = {} if nagle else {"TCP_NODELAY": "1"}
    command = [str(_STORESCP), "--fork", "--output-directory", str(folder), str(port)]
    with _running(command, folder, port, environment):
        yield port


@contextmanager
def orthanc_archive(folder: Path) -> Iterator[int]:
    """Its port. It flushes each file (SyncStorageArea), not its index."""
    port = free_port(_HOST, 0, "")
    folder.mkdir(parents=True)
    settings = {
        "Name": "bench",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "DicomPort": port,
        "HttpServerEnabled": False,
        "DicomAlwaysAllowStore": True,
        "Plugins": [],
    }
    configuration = folder / "orthanc.json"
    configuration.write_text(json.dumps(settings))
    with _running([str(orthanc()), str(configuration)], folder, port, {}):
        yield port


@contextmanager
def _running(command: list[str], folder: Path, port: int, environment: Mapping[str, str]) -> Iterator[None]:
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        await_port(process, port, command[0])
        yield
    finally:
        process.terminate()
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def await_port(process: subprocess.Popen[bytes], port: int, name: str) -> None:
    """Raises CannotStart when nothing listens there in time."""
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((_HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise CannotStart(f"{name} does not listen.")
