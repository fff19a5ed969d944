"""PostgreSQL: what it must promise before anything is written, and what its failures mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, insert, select, text

from server.errors import Category, Fault
from server.store import postgres as module
from server.store import resources
from server.store.database import Database
from server.store.dialect import Again, Stage
from server.store.postgres import Postgres
from server.store.tables import arrival, cases
from tests.postgres import ROLE, Cluster, binaries
from tests.store.nouns import ids, open_case, row


@pytest.fixture
def database(postgres: Cluster, emptied: str) -> Iterator[Database]:
    opened = Database(emptied)
    yield opened
    opened.close()


def fails(url: str) -> Fault:
    """The refusal of whoever would start on this database."""
    opened = Database(url)
    try:
        with pytest.raises(Fault) as refused:
            opened.about()
    finally:
        opened.close()
    return refused.value


# -- what it must promise ----------------------------------------------------------------------


def test_it_says_how_it_keeps_what_it_has(database: Database) -> None:
    told = database.about()
    assert told.startswith(f"{database.product}, database store at /tmp/")
    assert told.endswith(", synchronous_commit=on, fsync=on, full_page_writes=on")
    assert database.product.startswith("PostgreSQL 1")


@pytest.mark.parametrize("where", [f"ROLE {ROLE}", "DATABASE store"])
def test_commits_that_do_not_wait_for_the_disk_are_refused(
    postgres: Cluster, emptied: str, where: str
) -> None:
    postgres.run(f"ALTER {where} SET synchronous_commit = off")
    try:
        refused = fails(emptied)
    finally:
        postgres.run(f"ALTER {where} RESET synchronous_commit")
    assert refused.category is Category.BROKEN
    assert "synchronous_commit is off" in str(refused)
    assert "set it to on" in str(refused)


def test_commits_wait_for_the_disk_whatever_becomes_of_the_setting(
    postgres: Cluster, database: Database
) -> None:
    """A connection that is open already goes by the setting of its beginning."""
    database.read(own_pid)
    with postgres.setting("synchronous_commit", "off"):
        show = "SHOW synchronous_commit"
        assert database.write(lambda c: c.exec_driver_sql(show).scalar_one()) == "on"


def test_a_server_that_does_not_flush_is_refused_whenever_it_begins_to(
    postgres: Cluster, database: Database
) -> None:
    used = database.read(own_pid)
    with postgres.setting("fsync", "off"):
        kill(postgres, used)  # the next connection is a new one
        with pytest.raises(Fault, match=r"fsync is off: .* set fsync = on") as refused:
            ids(database)
    assert refused.value.category is Category.BROKEN
    assert ids(database) == []


def test_another_encoding_is_refused(postgres: Cluster) -> None:
    refused = fails(postgres.make("latin", "ENCODING 'LATIN1' LOCALE 'C'"))
    assert "ENCODING 'UTF8'" in str(refused)


def test_an_old_version_is_refused(emptied: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FLOOR", 99)
    assert "is too old; needed: 99 or newer" in str(fails(emptied))


def test_a_standby_is_refused_as_what_may_pass() -> None:
    refused = module._unreliable(15, "on", "on", "UTF8", True)
    assert refused is not None
    assert refused.category is Category.UNAVAILABLE
    assert module._unreliable(15, "on", "remote_apply", "UTF8", False) is None


def test_connections_do_not_wait_for_ever(database: Database) -> None:
    for name, span in module._SESSION.items():
        assert database.read(lambda c, n=name: c.exec_driver_sql(f"SHOW {n}").scalar_one()) == span


@pytest.mark.parametrize(
    ("side", "level", "read_only"), [("read", "repeatable read", "on"), ("write", "read committed", "off")]
)
def test_transactions_are_what_they_are_said_to_be(
    database: Database, side: str, level: str, read_only: str
) -> None:
    def look(connection: Connection) -> tuple[str, str]:
        names = ("transaction_isolation", "transaction_read_only")
        return tuple(connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names)

    assert getattr(database, side)(look) == (level, read_only)


def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(Fault, match="ReadOnlySqlTransaction"):
        database.read(lambda c: c.execute(insert(arrival), row("a")))


# -- who may not get in ------------------------------------------------------------------------


def test_a_wrong_password_is_told_without_it(postgres: Cluster) -> None:
    refused = fails(postgres.url_with_password("store", "a-wrong-secret"))
    assert "password authentication failed" in str(refused)
    assert "SECOND_READER_DATABASE_URL" in str(refused)
    assert "a-wrong-secret" not in str(refused)


def test_the_right_password_is_in_nothing_that_is_printed(postgres: Cluster, emptied: str) -> None:
    opened = Database(postgres.url_with_password("store"))
    told = f"{opened.about()} {opened.engine} {opened.engine.url}"
    opened.close()
    assert "a password" not in told
    assert "a%20password" not in told


def test_nobody_there_is_told_in_full_to_who_starts_and_shortly_to_senders() -> None:
    opened = Database("postgresql://me:secret@127.0.0.1:1/none")
    with pytest.raises(Fault, match="refused") as starting:
        opened.about()
    with pytest.raises(Fault, match=r"cannot be used now \(no connection") as sending:
        ids(opened)
    opened.close()
    assert {starting.value.category, sending.value.category} == {Category.UNAVAILABLE}
    assert "127.0.0.1" not in str(sending.value)


def test_a_role_that_may_not_make_tables_is_told(postgres: Cluster) -> None:
    url = postgres.make("foreign_owner")
    postgres.run("ALTER DATABASE foreign_owner OWNER TO postgres")
    opened = Database(url)
    with pytest.raises(Fault, match="InsufficientPrivilege"):
        opened.write(lambda c: c.exec_driver_sql("CREATE TABLE x (y INTEGER)"))
    opened.close()


# -- when it goes away -------------------------------------------------------------------------


def own_pid(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def kill(cluster: Cluster, pid: int) -> None:
    cluster.run("SELECT pg_terminate_backend(%s, 5000)", pid)


def test_a_connection_that_died_unused_is_replaced_unseen(postgres: Cluster, database: Database) -> None:
    kill(postgres, database.read(own_pid))
    with database.reading() as connection:
        assert connection.execute(select(arrival.c.id)).all() == []
    kill(postgres, database.read(own_pid))
    database.write(lambda c: c.execute(insert(arrival), row("a")))
    assert ids(database) == ["a"]


@pytest.mark.parametrize("side", ["read", "write"])
def test_a_connection_that_dies_at_work_is_replaced_and_the_work_done_anew(
    postgres: Cluster, database: Database, side: str
) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> str:
        tries.append(own_pid(connection))
        if side == "write":
            connection.execute(insert(arrival), row("a"))
        if len(tries) == 1:
            kill(postgres, tries[0])
        resources.read(connection, "Patient", "p1")  # past SQLAlchemy
        return "done"

    assert getattr(database, side)(work) == "done"
    assert len(set(tries)) == 2
    assert ids(database) == (["a"] if side == "write" else [])


def test_a_snapshot_that_breaks_is_told_as_unavailable(postgres: Cluster, database: Database) -> None:
    def look() -> None:
        with database.reading() as connection:
            kill(postgres, own_pid(connection))
            resources.read(connection, "Patient", "p1")

    with pytest.raises(Fault, match="no connection") as broken:
        look()
    assert broken.value.category is Category.UNAVAILABLE


def test_of_a_commit_that_breaks_off_nothing_is_claimed(postgres: Cluster, database: Database) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(1)
        connection.execute(insert(arrival), row("a"))
        kill(postgres, own_pid(connection))

    with pytest.raises(Fault, match="whether it was written is not known") as broken:
        database.write(work)
    assert broken.value.category is Category.UNAVAILABLE
    assert "nothing was written" not in str(broken.value)
    assert tries == [1], "it may have been written, so it is not done twice"


def test_a_server_that_stops_and_comes_back_is_used_again() -> None:
    with a_cluster() as cluster:
        opened = Database(cluster.make("store"))
        opened.write(lambda c: c.exec_driver_sql("CREATE TABLE x (y INTEGER)"))
        cluster.crash()
        for use in (opened.read, opened.write):
            with pytest.raises(Fault, match="no connection") as away:
                use(own_pid)
            assert away.value.category is Category.UNAVAILABLE
        cluster.start()
        opened.write(lambda c: c.exec_driver_sql("INSERT INTO x VALUES (1)"))
        assert opened.read(lambda c: c.exec_driver_sql("SELECT y FROM x").scalar_one()) == 1
        opened.close()


def a_cluster() -> Cluster:
    """Another server, that may be stopped."""
    found = binaries()
    if found is None:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql (.ci/run does)")
    return Cluster(found)


# -- waiting, and giving up --------------------------------------------------------------------


def test_a_lock_that_is_not_given_back_is_not_waited_for_for_ever(
    postgres: Cluster, database: Database
) -> None:
    open_case(database)
    touch = text("UPDATE cases SET attempts = 1")

    def impatient(connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        connection.execute(touch)

    with postgres._connected("store") as other:
        other.execute("BEGIN")
        other.execute("UPDATE cases SET attempts = 2")
        with pytest.raises(Fault, match="LockNotAvailable") as refused:
            database.write(impatient)
        other.execute("ROLLBACK")
    assert refused.value.category is Category.UNAVAILABLE
    assert database.read(lambda c: c.execute(select(cases.c.attempts)).scalar_one()) == 0


@pytest.mark.parametrize(
    ("state", "category"),
    [
        ("53100", Category.UNAVAILABLE),
        ("53200", Category.UNAVAILABLE),
        ("53300", Category.UNAVAILABLE),
        ("55P03", Category.UNAVAILABLE),
        ("57014", Category.UNAVAILABLE),
        ("58030", Category.UNAVAILABLE),
        ("25006", Category.UNAVAILABLE),
        ("XX001", Category.BROKEN),
        ("XX002", Category.BROKEN),
        ("42601", None),
        ("23505", None),
        ("22021", None),
    ],
)
@pytest.mark.parametrize("stage", [Stage.WORKING, Stage.COMMITTING])
def test_what_a_failure_means(state: str, category: Category | None, stage: Stage) -> None:
    meant = verdict(psycopg.errors.lookup(state)("text of the server"), stage)
    assert (meant.category if isinstance(meant, Fault) else meant) is category
    assert "text of the server" not in str(meant)


@pytest.mark.parametrize("state", ["40001", "40P01"])
@pytest.mark.parametrize("stage", [Stage.WORKING, Stage.COMMITTING])
def test_what_was_undone_for_another_is_tried_again(state: str, stage: Stage) -> None:
    meant = verdict(psycopg.errors.lookup(state)(), stage)
    assert isinstance(meant, Again)
    assert meant.failure.category is Category.UNAVAILABLE


@pytest.mark.parametrize(
    "error",
    [psycopg.OperationalError("closed"), psycopg.InterfaceError("closed")]
    + [psycopg.errors.lookup(state)() for state in ("57P01", "57P02", "57P03", "08006", "25P03")],
    ids=lambda each: str(each.sqlstate),
)
@pytest.mark.parametrize("stage", list(Stage))
def test_what_a_lost_connection_means_depends_on_when(error: Exception, stage: Stage) -> None:
    meant = verdict(error, stage)
    assert isinstance(meant, Again) is (stage is Stage.WORKING)
    if isinstance(meant, Fault):
        assert meant.category is Category.UNAVAILABLE
        assert ("not known" in str(meant)) is (stage is Stage.COMMITTING)


def verdict(error: Exception, stage: Stage) -> Any:
    never_used = Postgres("postgresql://nobody@127.0.0.1:1/none")
    try:
        return never_used.verdict(error, stage)
    finally:
        never_used.close()
