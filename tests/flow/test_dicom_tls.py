"""``python -m server dicom`` with TLS alone, and with both ports."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from server.counting import read
from server.dicom.receive.counts import FILE
from tests.certificates import Authority
from tests.dicom import wire
from tests.dicom.door import Speaker
from tests.dicom.encoded import ct
from tests.flow.listener import Listener, listening
from tests.flow.processes import PROJECT, free_port, until

pytestmark = pytest.mark.campaign


def secured(authority: Authority, port: int) -> dict[str, str]:
    certificate, key = authority.signs("door")
    return {
        "DICOM_TLS_PORT": str(port), "DICOM_TLS_CERTIFICATE": str(certificate), "DICOM_TLS_KEY": str(key),
    }  # fmt: skip


def stored(port: int, authority: Authority | None) -> int:
    with Speaker(port, authority and authority.trusted()) as speaker:
        speaker.send(wire.request())
        assert speaker.read()[0] == 0x02
        return speaker.store(ct())[0]


def counted(listener: Listener) -> tuple[int, ...]:
    """Objects that were new, that were here, and how many were timed."""
    told = read(listener.data, FILE)
    if told is None:
        return ()
    return told.counts["objects stored"], told.counts["objects already held"], sum(told.times)


def test_both_ports_take_objects(tmp_path: Path) -> None:
    authority, port = Authority(tmp_path), free_port()
    with listening(tmp_path / "data", tmp_path, **secured(authority, port)) as listener:
        assert stored(listener.port, None) == 0x0000
        assert stored(port, authority) == 0x0000
        assert len(listener.files()) == 1
        until(lambda: counted(listener) == (1, 1, 2), 20.0, "both listeners' counts are told")


def test_the_plain_port_may_be_switched_off(tmp_path: Path) -> None:
    authority, port = Authority(tmp_path), free_port()
    with listening(tmp_path / "data", tmp_path, **secured(authority, port), DICOM_PORT="0") as listener:
        assert stored(port, authority) == 0x0000
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", listener.port), timeout=2.0)


def test_a_certificate_that_cannot_be_used_stops_it_with_one_sentence(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    chosen = secured(authority, free_port()) | {"DICOM_TLS_KEY": str(tmp_path / "none")}
    environment = {f"SECOND_READER_{name}": value for name, value in chosen.items()}
    done = subprocess.run(
        [sys.executable, "-m", "server", "dicom"],
        env={"SECOND_READER_DATA": str(tmp_path / "data")} | environment,
        cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    text = "second-reader: SECOND_READER_DICOM_TLS_KEY cannot be read (No such file or directory)\n"
    assert (done.returncode, done.stderr) == (2, text)
