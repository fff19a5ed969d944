"""A real server for clients that others wrote."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.processes import Site

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """``python -m server web`` and ``work``; the destination is never dialled here."""
    with Site(tmp_path_factory.mktemp("peers"), "http://127.0.0.1:9/fhir") as made:
        made.bring_up(made.program("web"))
        yield made


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the npm packages of package-lock.json; once for a session."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not on this machine")
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json", "fhir_kit.mjs"):
        shutil.copy(HERE / name, folder)
    told = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    if told.returncode:
        if os.environ.get("CI"):
            pytest.fail(told.stderr)
        pytest.skip("npm could not fetch the packages")
    return folder


@pytest.fixture
def fhir_kit(site: Site, modules: Path) -> dict[str, object]:
    """What fhir_kit.mjs found, by the name of each thing that it did."""
    told = subprocess.run(
        ["node", "fhir_kit.mjs", f"http://127.0.0.1:{site.port}/fhir"],
        cwd=modules, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-2000:]
    return {line["name"]: line["found"] for line in map(json.loads, told.stdout.splitlines())}
