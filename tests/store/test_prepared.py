"""Prepared statements: what SQLAlchemy would have run, with its types, within the same transaction."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select, update

from server.store.columns import Instant, moment
from server.store.database import Database
from server.store.prepared import Prepared
from server.store.tables import arrival, cases
from tests.store.nouns import AT, later, open_case

ARRIVE = Prepared(insert(arrival).values({c.name: bindparam(c.name) for c in arrival.c if c.name != "seq"}))
FIND = Prepared(select(arrival.c.id, arrival.c.received_at).where(arrival.c.id == bindparam("i")))
RENEW = Prepared(
    update(cases)
    .where(cases.c.id == bindparam("i"))
    .values(due_at=bindparam("at", type_=Instant()), news=cases.c.news + 1)
)


def row(id_: str) -> dict[str, object]:
    fixed = {"door": "fhir", "interaction": "x", "digest": "", "size": 0, "body": b"\x00"}
    return {"id": id_, "received_at": AT, **fixed}


def test_values_are_bound_by_name_and_converted_as_their_columns_say(database: Database) -> None:
    database.write(lambda c: ARRIVE.run(c, **row("a' OR 1=1 --")))
    found = database.read(lambda c: c.execute(select(arrival)).one())
    assert (found.id, found.received_at, found.body) == ("a' OR 1=1 --", AT, b"\x00")
    stored = database.read(lambda c: FIND.run(c, i=found.id).fetchall())
    assert [(id_, moment(at)) for id_, at in stored] == [(found.id, AT)]


def test_what_is_not_given_is_null(database: Database) -> None:
    given = {name: value for name, value in row("a").items() if name != "body"}
    database.write(lambda c: ARRIVE.run(c, **given))
    assert database.read(lambda c: c.execute(select(arrival.c.body)).scalar_one()) is None


def test_constants_of_the_statement_keep_their_value(database: Database) -> None:
    open_case(database)
    for _ in range(2):
        database.write(lambda c: RENEW.run(c, i="c1", at=later(hours=1)))
    found = database.read(lambda c: c.execute(select(cases.c.due_at, cases.c.news)).one())
    assert tuple(found) == (later(hours=1), 2)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_many_rows_at_once(database: Database, count: int) -> None:
    database.write(lambda c: ARRIVE.run_many(c, [row(str(number)) for number in range(count)]))
    assert len(database.read(lambda c: c.execute(select(arrival.c.id)).all())) == count


def test_rows_in_the_order_of_the_places(database: Database) -> None:
    places = [c.name for c in arrival.c if c.name != "seq"]
    given = [tuple(row(id_)[name] for name in places) for id_ in ("a", "b")]
    database.write(lambda c: ARRIVE.run_rows(c, given))
    stored = database.read(lambda c: c.execute(select(arrival).order_by(arrival.c.id)).all())
    assert [(each.id, each.received_at, each.body) for each in stored] == [
        ("a", AT, b"\x00"),
        ("b", AT, b"\x00"),
    ]


def test_it_is_part_of_the_transaction_that_it_runs_in(database: Database) -> None:
    def work(connection) -> None:
        ARRIVE.run(connection, **row("a"))
        assert FIND.run(connection, i="a").fetchone() is not None
        raise LookupError

    with pytest.raises(LookupError):
        database.write(work)
    assert database.read(lambda c: FIND.run(c, i="a").fetchone()) is None
