from __future__ import annotations

import pytest

from server.query import Query, Row, Token, TokenRow
from server.store import reindexing, resources
from server.store.database import Database
from server.store.reindexing import reindex
from server.store.resources import Resources
from tests.store.nouns import write


def found(database: Database, code: str) -> list[str]:
    query = Query("Patient", (Token("a", ((None, code),)),))
    return [each.id for each in Resources(database).find(query, 100)]


def test_all_that_is_current_is_found_by_its_new_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "_AT_ONCE", 2)
    writes = [
        write(f"p{number}", body=b"%d" % number, index=(TokenRow("a", "", "old"),)) for number in range(5)
    ]
    writes.append(write("p4", 2, body=b"again"))
    database.write(lambda c: resources.apply(c, writes, "a1"))
    seen = []

    def rows(body: bytes) -> tuple[Row, ...]:
        seen.append(body)
        return (TokenRow("a", "", "new"),)

    assert reindex(database, rows) == 5
    assert seen == [b"0", b"1", b"2", b"3", b"again"]
    assert found(database, "old") == []
    assert found(database, "new") == ["p0", "p1", "p2", "p3", "p4"]
    assert reindex(database, rows) == 5
