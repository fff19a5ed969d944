"""Archives that others wrote, each as a process of its own on this machine only."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flow.processes import free_port

ORTHANC = Path("/usr/sbin/Orthanc")
_DICOM_WEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
DCMQRSCP = Path("/usr/bin/dcmqrscp")
"""By its whole path: pynetdicom's wheel brings Python programs of the same names."""


@dataclass(frozen=True)
class Foreign:
    """What of a foreign archive a test must know; as much as ``conftest.to`` asks for."""

    port: int
    folder: Path
    http: str = ""
    ae: str = "PACS"
    host: str = "127.0.0.1"

    def orthanc(self, path: str) -> Any:
        return httpx.get(f"{self.http}{path}", trust_env=False).raise_for_status().json()


@contextmanager
def orthanc(folder: Path, caller: str, reports_to: tuple[str, int]) -> Iterator[Foreign]:
    """With storage commitment and its DICOMweb plug-in."""
    if not ORTHANC.exists() or not _DICOM_WEB.exists():
        pytest.skip("no Orthanc on this machine: apt-get install orthanc orthanc-dicomweb (.ci/run does)")
    dicom, http = free_port(), free_port()
    configuration = {
        "DicomAet": "PACS",
        "DicomPort": dicom,
        "HttpPort": http,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(_DICOM_WEB)],
        "DicomModalities": {"us": [caller, reports_to[0], reports_to[1]]},
        "DicomAlwaysAllowFind": True,
        "OverwriteInstances": True,
    }
    (folder / "storage").mkdir(parents=True)
    (folder / "orthanc.json").write_text(json.dumps(configuration))
    with _running(folder, [str(ORTHANC), str(folder / "orthanc.json")], dicom, http):
        yield Foreign(dicom, folder, f"http://127.0.0.1:{http}")


@contextmanager
def dcmqrscp(folder: Path, caller: str) -> Iterator[Foreign]:
    """Without storage commitment, which it does not know."""
    if not DCMQRSCP.exists():
        pytest.skip("no DCMTK on this machine: apt-get install dcmtk (.ci/run does)")
    port = free_port()
    (folder / "storage").mkdir(parents=True)
    (folder / "qr.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\nus = ({caller}, 127.0.0.1, 11112)\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nPACS {folder / 'storage'} RW (200, 1024mb) ANY\nAETable END\n"
    )
    with _running(folder, [str(DCMQRSCP), "-c", str(folder / "qr.cfg"), str(port)], port):
        yield Foreign(port, folder)


@contextmanager
def _running(folder: Path, command: list[str], *ports: int) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        for port in ports:
            _await(process, port, folder / "log")
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < until, "it does not listen"
            time.sleep(0.05)
        else:
            return
