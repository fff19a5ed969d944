"""PostgreSQL: for more than one machine. Writers run side by side under READ COMMITTED.

What two of them must not do at once is said where it is done: by the version that an update needs,
by a row that is locked, by ``server/store/locks.py``. SERIALIZABLE would say it for us, at the
price of refusing most of what has nothing to do with each other (docs/decisions/0010).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from server.errors import Category, Fault, fault
from server.store.dialect import Again, Stage, unavailable
from server.store.scratch import Scratch, metadata

FLOOR = 15
"""The oldest major version that the tests run on."""

_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_BEGIN_WRITING = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"
_SESSION = {
    "jit": "off",  # to compile the predicate of the veil takes half a second, to run it a millisecond
    "plan_cache_mode": "force_generic_plan",  # all is looked up by keys
    "lock_timeout": "10s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",  # a process that was stopped, or whose machine is gone
}
_LOOK = f"""SELECT current_setting('server_version_num')::int / 10000, current_setting('fsync'),
    current_setting('synchronous_commit'), current_setting('server_encoding'), pg_is_in_recovery(),
    current_setting('full_page_writes'),
    set_config('synchronous_commit', current_setting('synchronous_commit'), false),
    {", ".join(f"set_config('{name}', '{span}', false)" for name, span in _SESSION.items())}"""
"""What is looked at, and what is fixed for the session: nobody relaxes it behind our back."""
_GONE = ("08", "57P01", "57P02", "57P03", "57P05", "25P03")
"""SQLSTATEs (or their class) after which there is no connection any more."""
_REFUSED = ("25006", "42501", "53", "55P03", "57014", "57P04", "58")
"""Read-only, not permitted, out of disk, memory or connections, waited too long, dropped, I/O error."""
_DAMAGED = ("XX001", "XX002")
_AGAIN = ("40001", "40P01")


class Postgres:
    """One database of a PostgreSQL server."""

    error: type[Exception] = psycopg.Error

    def __init__(self, url: str) -> None:
        # What they log of a transaction that breaks is told by the error itself, once and in our form.
        for name in ("psycopg", "sqlalchemy.pool"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.engine: Engine = create_engine(
            make_url(url)
            .set(drivername="postgresql+psycopg")
            .update_query_dict({"application_name": "second-reader"}),
            paramstyle="format",
            use_native_hstore=False,
            hide_parameters=True,
            pool_size=8,
            max_overflow=24,
            pool_timeout=10,
            connect_args={
                "connect_timeout": 5,
                "prepare_threshold": 1,  # a search with the veil takes longer to plan than to run
                "client_encoding": "utf8",
                "keepalives_idle": 30,
                "tcp_user_timeout": 30_000,
            },
        )
        event.listen(self.engine, "connect", _configure)
        event.listen(self.engine, "begin", _begin)
        self.scratch = Scratch(self.engine.execution_options(writing=True), self._telling)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, DBAPIError) as error:
            said = self.verdict(error, Stage.WORKING)
            if said is None:
                raise
            raise (said.failure if isinstance(said, Again) else said) from error

    def turn(self) -> AbstractContextManager[None]:
        return nullcontext()  # writers need none here

    def replaced(self, connection: Connection) -> bool:
        if connection.info.get("fresh") or not _driver(connection).closed:
            return False
        connection.invalidate()
        connection.close()
        return True

    def verdict(self, error: Exception, stage: Stage) -> Fault | Again | None:
        cause = getattr(error, "orig", error)
        state, name = getattr(cause, "sqlstate", None) or "", type(cause).__name__
        if _lost(cause):
            return _broken_off(stage, name)
        if state in _AGAIN:
            text = "others were always faster; nothing was written, try again"
            return Again(fault(Category.UNAVAILABLE, "lock-error", text))
        if state in _DAMAGED:
            text = "the database is damaged; stop the server and restore a backup"
            return fault(Category.BROKEN, "no-store", text)
        return unavailable(name) if state.startswith(_REFUSED) else None

    @property
    def product(self) -> str:
        return f"PostgreSQL {'.'.join(map(str, self.engine.dialect.server_version_info or ()))}".strip()

    def about(self) -> str:
        try:
            with self.engine.connect() as connection:
                row = connection.exec_driver_sql(_LOOK).one()
        except (psycopg.Error, DBAPIError) as error:
            raise _unreachable(getattr(error, "orig", error)) from error
        url = self.engine.url
        where = url.host or url.query.get("host", "the local socket")
        return (
            f"{self.product}, database {url.database} at {where}, "
            f"synchronous_commit={row[2]}, fsync={row[1]}, full_page_writes={row[5]}"
        )

    def written(self) -> int | None:
        return None  # only a query would tell

    def make_scratch(self, connection: Connection) -> None:
        metadata.drop_all(connection)  # nothing in it is worth a migration
        metadata.create_all(connection)
        for table in metadata.sorted_tables:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} SET UNLOGGED")

    def close(self) -> None:
        self.engine.dispose()


class _Words(Dumper):
    """Texts as PostgreSQL takes them: without NUL. U+FFFF, which is no character, stands for it."""

    oid = psycopg.adapters.types["text"].oid

    def dump(self, obj: str) -> bytes:
        return obj.replace("\0", "\uffff").encode()


def _lost(cause: Any) -> bool:
    """Whether there is no connection any more, or never was one."""
    state = getattr(cause, "sqlstate", None)
    if state is None:
        return isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError))
    return bool(state.startswith(_GONE))


def _broken_off(stage: Stage, name: str) -> Fault | Again:
    """A transaction whose COMMIT was never sent has not happened; of one whose was, nobody knows."""
    if stage is Stage.OPENING:
        return unavailable(f"no connection, {name}")
    if stage is Stage.WORKING:
        return Again(unavailable(f"no connection, {name}"))
    text = (
        "the connection to the database broke in the middle of a commit; whether it was written is not "
        "known: look, then send it again"
    )
    return fault(Category.UNAVAILABLE, "no-store", text)


def _unreachable(cause: Any) -> Fault:
    """For those who start the server. libpq's own words name host, role and database, never a password."""
    words = " ".join(str(cause).split())
    text = f"SECOND_READER_DATABASE_URL leads to no usable database: {words}"
    return fault(Category.UNAVAILABLE, "no-store", text)


def _configure(connection: Any, record: Any) -> None:
    """Every new connection is looked at: a setting of the server may change under a running process."""
    record.info["fresh"] = True  # never used yet: if it is dead, so is the server
    connection.autocommit = True  # transactions are begun by us, see _begin
    connection.adapters.register_dumper(str, _Words)
    failure = _unreliable(*connection.execute(_LOOK).fetchone()[:5])
    if failure is not None:
        connection.close()
        raise failure


def _begin(connection: Connection) -> None:
    writing = connection.info.get("writing") or connection.get_execution_options().get("writing")
    _driver(connection).execute(_BEGIN_WRITING if writing else _BEGIN_READING)
    connection.info.pop("fresh", None)


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _unreliable(version: int, fsync: str, synchronous: str, encoding: str, standby: bool) -> Fault | None:
    """Why this database may not hold what we acknowledge; None when it may."""
    if version < FLOOR:
        return _refused(f"PostgreSQL {version} is too old; needed: {FLOOR} or newer")
    if fsync == "off":
        return _refused("fsync is off: a power cut would take back what was acknowledged; set fsync = on")
    if synchronous == "off":
        return _refused(
            "synchronous_commit is off: a crash would take back what was acknowledged; set it to on for this "
            "role, database and server"
        )
    if encoding != "UTF8":
        return _refused("the encoding of the database is not UTF8; create it with ENCODING 'UTF8'")
    if standby:
        text = "this PostgreSQL is a standby, which cannot be written; give the address of the primary"
        return fault(Category.UNAVAILABLE, "no-store", text)
    return None


def _refused(text: str) -> Fault:
    return fault(Category.BROKEN, "no-store", text)
