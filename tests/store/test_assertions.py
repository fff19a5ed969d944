"""A client assertion is used once, by whichever process and thread."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from server.store.assertions import UsedAssertions
from server.store.database import Database
from server.store.tables import used_assertion
from tests.access.keys import NOW
from tests.schema import migrated

ENDS = NOW + timedelta(minutes=5)


def rows(database: Database) -> int:
    return int(database.read(lambda c: c.execute(select(func.count()).select_from(used_assertion))).scalar())


def test_a_second_use_is_told(database: Database) -> None:
    """A-017."""
    used = UsedAssertions(database)
    assert used.use("ehr", "1", ENDS, NOW)
    assert not used.use("ehr", "1", ENDS, NOW)
    assert not used.use("ehr", "1", ENDS, ENDS - timedelta(seconds=1))
    assert used.use("ehr", "2", ENDS, NOW)
    assert used.use("ris", "1", ENDS, NOW), "each client has jti of its own"


def test_another_process_and_a_new_start_know_it_too(tmp_path: Path) -> None:
    """A-018, A-019: it is in the store before the token is given out."""
    path = migrated(tmp_path / "one.db")
    first, second = Database(path), Database(path)
    assert UsedAssertions(first).use("ehr", "1", ENDS, NOW)
    assert not UsedAssertions(second).use("ehr", "1", ENDS, NOW)
    first.close()
    second.close()


def test_what_is_too_old_to_be_shown_is_forgotten(database: Database) -> None:
    used = UsedAssertions(database)
    used.use("ehr", "1", ENDS, NOW)
    used.use("ehr", "2", ENDS + timedelta(seconds=1), NOW)
    used.use("ehr", "3", ENDS + timedelta(minutes=5), ENDS)
    assert rows(database) == 2


def test_of_many_at_once_one_wins(database: Database) -> None:
    """A-020."""
    used, won = UsedAssertions(database), []
    gate = threading.Barrier(8)

    def show() -> None:
        gate.wait()
        won.append(used.use("ehr", "1", ENDS, NOW))

    threads = [threading.Thread(target=show) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(won) == [False] * 7 + [True]
