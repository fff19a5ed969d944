"""A modality: DCMTK's programs, which stand for the machines in a hospital, and what they send."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

_BIN = Path("/usr/bin")
"""By their whole path: pynetdicom's wheel brings Python programs of the same names."""


def demand_dcmtk() -> None:
    """Skips the test, with the reason, where there is no DCMTK."""
    if not (_BIN / "storescu").exists():
        pytest.skip("no DCMTK on this machine: apt-get install dcmtk (.ci/run does)")


def dcmtk(program: str, *words: str, nagle: bool = True, patience: float = 120.0) -> tuple[int, str]:
    """(exit status, what it said). Nagle's algorithm is on unless DCMTK is told otherwise."""
    environment = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    done = subprocess.run(
        [str(_BIN / program), *words],
        env=environment if nagle else environment | {"TCP_NODELAY": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=patience,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def send(port: int, files: Sequence[Path], *options: str, nagle: bool = True) -> tuple[int, str]:
    words = ("-v", *options, "127.0.0.1", str(port), *map(str, files))
    return dcmtk("storescu", *words, nagle=nagle)


def data_set(file: Path) -> bytes:
    """The bytes after the file meta information (PS3.10 7.1), whose first element says how long it is."""
    raw = file.read_bytes()
    assert raw[128:132] == b"DICM"
    assert raw[132:140] == b"\x02\0\0\0UL\x04\0"
    return raw[144 + int.from_bytes(raw[140:144], "little") :]
