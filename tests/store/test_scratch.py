"""The scratch file can be as broken as any other; what to do then is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.errors import Category, Fault
from server.store.sqlite import Sqlite


def test_a_file_that_is_no_database_may_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "x.scratch"
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(Fault, match=r"x\.scratch is damaged or no database; delete it") as refused:
        Sqlite(path.with_suffix(".db"))
    assert refused.value.category is Category.BROKEN


def test_a_file_that_cannot_be_opened_is_told_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="SQLITE_CANTOPEN") as refused:
        Sqlite(tmp_path / "none" / "x.db")
    assert refused.value.category is Category.UNAVAILABLE


def test_a_file_that_broke_later_is_told_too(tmp_path: Path) -> None:
    path = tmp_path / "x.scratch"
    store = Sqlite(path.with_suffix(".db"))
    scratch = store.scratch
    store.close()
    for each in tmp_path.glob("x.scratch*"):
        each.write_bytes(b"this is not a database" * 100)
    with pytest.raises(Fault, match="delete it"):
        scratch.keep("query", [(1, 1)], 1, None)
    with pytest.raises(Fault, match="delete it"):
        scratch.kept("name", "query", 0, 1)
    store.close()
