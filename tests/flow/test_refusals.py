"""What cannot start says the same one sentence, whichever way it is started, and ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pysqlite3
import pytest

from tests.flow.processes import PROJECT, free_port

GUNICORN = ("gunicorn", "wsgi:app")
DOOR_ALONE = ("gunicorn", "--config", "/dev/null", "--bind", "127.0.0.1:0", "wsgi:app")
"""Without our settings for gunicorn; then its workers are the first to see what is wrong."""
WEB = ("server", "web")
UP = ("server", "up")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """``python -m WORDS`` on a folder with the present schema, unless a setting says otherwise."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_READER_")}
    own = {"SECOND_READER_DATA": str(tmp_path / "data"), "SECOND_READER_PORT": str(free_port())}
    own["SECOND_READER_DICOM_PORT"] = own["SECOND_READER_MLLP_PORT"] = "0"

    def started(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        chosen = {f"SECOND_READER_{name}": value for name, value in settings.items()}
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=PROJECT,
            env=clean | own | chosen,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert started("server", "migrate").returncode == 0
    return started


def sentence(done: subprocess.CompletedProcess[str], status: int = 2) -> str:
    """The one that it ended with."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    [told] = {line for line in done.stderr.splitlines() if line.startswith("second-reader: ")}
    return told


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "abc"), ("DATA", "/dev/null/data"), ("POLICIES", "{folder}")]
)
def test_every_way_to_start_tells_the_same(run: Run, tmp_path: Path, name: str, value: str) -> None:
    (tmp_path / "bacterial-meningitis.toml").write_text("question = [")
    wrong = {name: value.format(folder=tmp_path)}
    told = sentence(run(*UP, **wrong))
    assert told == sentence(run(*GUNICORN, **wrong)) == sentence(run(*WEB, **wrong))
    assert told == sentence(run(*DOOR_ALONE, **wrong), status=3)


@pytest.mark.parametrize("words", [GUNICORN, DOOR_ALONE, WEB, ("server", "work")], ids=" ".join)
def test_an_old_schema_is_told_with_the_way_out(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    revise(tmp_path, "0000")
    told = sentence(run(*words), status=3 if words == DOOR_ALONE else 2)
    assert "the database is at revision 0000" in told
    assert told.endswith("run: python -m server migrate")


def test_a_schema_of_a_version_to_come_stops_up(run: Run, tmp_path: Path) -> None:
    revise(tmp_path, "9999")
    assert "revision 9999, which this version does not know" in sentence(run(*UP))


def revise(folder: Path, revision: str) -> None:
    connection = pysqlite3.connect(folder / "data" / "second-reader.db", isolation_level=None)
    connection.execute("update alembic_version set version_num = ?", (revision,))
    connection.close()
