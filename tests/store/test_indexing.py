"""What is written to find a resource by: each value at its column, each once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, select

from server.query import DateRow, NumberRow, ReferenceRow, Row, TextRow, TokenRow
from server.store import indexing
from server.store.database import Database
from server.store.tables import resource, search_date, search_number, search_text, search_value
from tests.store.nouns import AT, write
from tests.store.test_resources import put

LATER, TENTH = AT + timedelta(hours=1), Decimal("0.1")


def kept(database: Database, *rows: Row) -> list[dict[str, Any]]:
    put(database, write("p1"))

    def work(connection: Connection) -> list[dict[str, Any]]:
        key = connection.execute(select(resource.c.key)).scalar_one()
        indexing.index(connection, key, "Patient", rows, anew=True)
        found = [connection.execute(select(table)).mappings().all() for table in indexing.TABLES]
        return [{**row, "resource_key": row["resource_key"] == key} for rows in found for row in rows]

    return database.write(work)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (TokenRow("a", "urn:s", "c", 2), {"param": "a", "system": "urn:s", "value": "c", "part": 2}),
        (ReferenceRow("a", "Patient/1", 2), {"param": "a", "system": "", "value": "Patient/1", "part": 2}),
        (
            TextRow("a", "Zo\u00eb", 2),
            {"param": "a", "folded": "zoe", "text": "Zo\u00eb", "number": 0, "part": 2},
        ),
        (DateRow("a", AT, LATER, 2), {"param": "a", "low": AT, "high": LATER, "span": 0, "part": 2}),
        (
            NumberRow("a", Decimal(1), Decimal(2), "urn:s", "mg", 2),
            {"param": "a", "low": 1.0, "high": 2.0, "system": "urn:s", "code": "mg", "part": 2},
        ),
    ],
)
def test_each_value_stands_in_its_column(database: Database, row: Row, expected: dict[str, Any]) -> None:
    assert kept(database, row) == [{"type": "Patient", "resource_key": True, **expected}]


@pytest.mark.parametrize(
    "rows",
    [
        (TokenRow("a", "", "x" * 600), TokenRow("a", "", "x" * 600), ReferenceRow("a", "x" * 600)),
        (NumberRow("a", TENTH, TENTH), NumberRow("a", TENTH + Decimal("1e-20"), TENTH + Decimal("1e-20"))),
    ],
    ids=["long", "as numbers of the machine"],
)
def test_what_is_alike_is_kept_once(database: Database, rows: tuple[Row, ...]) -> None:
    assert len(kept(database, *rows)) == 1


def test_only_a_short_time_that_stands_alone_is_looked_for_near_its_bounds(database: Database) -> None:
    rows = (
        DateRow("alone", AT, LATER),
        DateRow("long", AT, AT + timedelta(days=2)),
        DateRow("two", AT, LATER),
        DateRow("two", LATER, LATER),
    )
    spans = {(each["param"], each["span"]) for each in kept(database, *rows)}
    assert spans == {("alone", 0), ("long", 1), ("two", 1)}


def test_the_statements_take_their_values_in_the_order_of_the_columns(database: Database) -> None:
    for table, add in zip(
        (search_value, search_text, search_date, search_number), indexing._ADD, strict=True
    ):
        _, bind = database.read(lambda c, add=add: add.compiled(c.dialect))
        assert list(bind.places) == [column.name for column in table.c]
