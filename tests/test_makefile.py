"""The Makefile takes the Pythons that pyproject.toml names, and tells whoever has another."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STUB = """#!/bin/sh
case "$1" in
  --version) echo "Python {version}" ;;
  -c) exec "{python}" -c "import sys; sys.version_info = ({parts}, 0); $2" ;;
  *) exit 1 ;;
esac
"""
"""Says that it is another version, and makes no environment."""


def made_with(folder: Path, version: str) -> str:
    """What make says when ``run`` must first make an environment with that Python."""
    python = folder / "python"
    parts = version.replace(".", ", ")
    python.write_text(STUB.format(version=version, parts=parts, python=sys.executable), "utf-8")
    python.chmod(0o755)
    around = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "-f", str(ROOT / "Makefile"), f"PYTHON={python}", ".venv/bin/python"]
    ended = subprocess.run(
        command, cwd=folder, env=around, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    return ended.stdout


def test_the_pythons_that_are_taken() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.13"


@pytest.mark.parametrize("version", ["3.10", "3.13", "3.14", "4.0"])
def test_another_python_is_refused_with_what_is_needed(tmp_path: Path, version: str) -> None:
    assert f"Python 3.11 or 3.12 is needed; this is Python {version}. Try: make PYTHON=" in made_with(
        tmp_path, version
    )


@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_the_pythons_of_the_project_go_on_to_the_environment(tmp_path: Path, version: str) -> None:
    assert made_with(tmp_path, version).startswith("The virtual environment could not be made")
