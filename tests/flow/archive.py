"""Orthanc, an archive that others wrote, with its DICOMweb plug-in: as a client of ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flow.processes import free_port, until

_PROGRAM = Path("/usr/sbin/Orthanc")
_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


class Archive:
    """Its REST API."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60.0, trust_env=False)

    def ready(self) -> bool:
        try:
            return self._http.get("/system").status_code == 200
        except httpx.TransportError:
            return False

    def post(self, path: str, body: Any) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self._http.post(path, content=content)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path)

    def delete(self, path: str) -> None:
        assert self._http.delete(path).status_code == 200

    def close(self) -> None:
        self._http.close()


@contextmanager
def archive(folder: Path, server: str, dicom: int = 0, caller: int = 0) -> Iterator[Archive]:
    """Skips the test, with the reason, where there is none.

    ``dicom``: the port where it answers C-FIND, C-MOVE and C-GET as ORTHANC; ``caller``: where it finds
    READER to move to.
    """
    if not (_PROGRAM.exists() and _PLUGIN.exists()):
        pytest.skip("no Orthanc on this machine: apt-get install orthanc orthanc-dicomweb")
    port = free_port()
    settings = {
        "Name": "peer",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(_PLUGIN)],
        "HttpPort": port,
        "DicomServerEnabled": bool(dicom),
        "DicomAet": "ORTHANC",
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "OverwriteInstances": True,
        "DicomWeb": {"Enable": True, "Servers": {"ours": {"Url": server}}},
    }
    if dicom:  # it does not start with a port of 0, though it would not open it
        settings["DicomPort"] = dicom
        settings["DicomModalities"] = {"reader": {"AET": "READER", "Host": "127.0.0.1", "Port": caller}}
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen(
            [str(_PROGRAM), str(folder / "orthanc.json")], stdout=log, stderr=subprocess.STDOUT, cwd=folder
        )
    peer = Archive(port)
    try:
        until(peer.ready, 60.0, "Orthanc answers")
        yield peer
    finally:
        peer.close()
        process.terminate()
        process.wait(30)
