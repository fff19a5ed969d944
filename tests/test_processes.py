"""The commands that stay load what they need and no more: they are started anew on a busy machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_HEAVY = {"alembic", "flask", "pydantic", "sqlalchemy", "structlog", "xgboost"}


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("import server.processes, server.web", set()),
        ("import server.processes, server.work", set()),
        ("import server.supervisor", {"flask", "pydantic", "sqlalchemy", "structlog"}),
        ("import runpy; runpy.run_module('server.__main__', run_name='__mp_main__')", set()),
    ],
    ids=["web until it is gunicorn", "work until its models load", "up, for both", "a model's process"],
)
def test_what_is_loaded(code: str, needed: set[str]) -> None:
    script = f"{code}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert _HEAVY & set(done.stdout.split()) == needed


_ON_A_FOLDER = """
import sys
from pathlib import Path
from server import wiring
from server.settings import Settings
getattr(wiring, sys.argv[1])(Settings(data=Path(sys.argv[2])))
print(*sys.modules)
"""


def test_a_schema_that_is_the_needed_one_needs_no_alembic(tmp_path: Path) -> None:
    loaded = []
    for call in ("bring_up_to_date", "bring_up_to_date", "build"):
        words = [sys.executable, "-c", _ON_A_FOLDER, call, str(tmp_path)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        loaded.append("alembic" in done.stdout.split())
    assert loaded == [True, False, False]
