"""The scratch file can be as broken as any other: it is made anew, or what to do is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.errors import Category, Fault
from server.store.sqlite import Sqlite


def test_a_file_that_a_power_cut_has_broken_is_made_anew_by_one_for_all(tmp_path: Path) -> None:
    path = tmp_path / "x.scratch"
    path.write_bytes(b"this is not a database" * 100)
    (tmp_path / "x.scratch-wal").write_bytes(b"nor is this" * 100)
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(Sqlite, [path.with_suffix(".db")] * 6))
    kept = stores[0].scratch.keep("query", [(1, 1)], 1, None)
    assert all(each.scratch.kept(kept, "query", 0, 1) for each in stores), "all have the same file"
    for each in stores:
        each.close()


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
