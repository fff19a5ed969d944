"""Programs by others that judge what the pens write: dicom3tools' dciodvfy, DCMTK's dsrdump."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from server.dicom.pens.opinion import Written


def errors(written: Written, folder: Path) -> list[str]:
    """What dciodvfy finds wrong; skips where it is not installed."""
    judge = shutil.which("dciodvfy")
    if judge is None:
        pytest.skip("dciodvfy is not installed (Debian package dicom3tools)")
    said = subprocess.run(
        [judge, "-new", _file(written, folder)], capture_output=True, text=True, check=False
    )
    lines = said.stderr.splitlines()
    assert lines, "dciodvfy says at least which IOD it took it for"
    return [line for line in lines if line.startswith("Error")]


def tree(written: Written, folder: Path) -> str:
    """The content of a report as DCMTK prints it, with codes, whole texts and UIDs."""
    judge = shutil.which("dsrdump")
    if judge is None:
        pytest.skip("dsrdump is not installed (Debian package dcmtk)")
    said = subprocess.run(
        [judge, "+Pc", "+Pl", "+Pu", _file(written, folder)],
        capture_output=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr.decode()
    return said.stdout.decode()


def _file(written: Written, folder: Path) -> str:
    path = folder / "written.dcm"
    path.write_bytes(written.content)
    return str(path)
