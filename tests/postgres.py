"""A PostgreSQL of our own for the tests: from Debian's packages, in a folder that goes away with it."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg

from tests.flow.processes import free_port

ROLE, PASSWORD = "second_reader", "a password: with @/ and %"
_VERSIONS = Path("/usr/lib/postgresql")
_PATIENCE = 30.0
_KEEP = '"$0" -D "$1" & cat >/dev/null; kill -QUIT $! 2>/dev/null; wait'
"""A shell that ends the server when its own input ends, be it that whoever holds the other end is killed."""


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``; of several versions the newest."""
    found = sorted(_VERSIONS.glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).resolve().parent if there else None


class Cluster:
    """One server with durable commits, reached by a socket in its folder and by a port of loopback."""

    def __init__(self, bin_: Path) -> None:
        self._bin = bin_
        self.folder = Path(tempfile.mkdtemp(prefix="sr-pg-", dir="/tmp"))
        self.port = free_port()
        self._user = _other_user()
        self._keeper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            self._initialise()
            self.start()
            self.run(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the server ------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server and wait until it answers. It goes when we do, even by SIGKILL."""
        with (self.folder / "log").open("ab") as log:
            self._keeper = subprocess.Popen(
                ["sh", "-c", _KEEP, self._bin / "postgres", self.folder / "data"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._user,
            )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def stop(self) -> None:
        """Open transactions are rolled back, connections closed (fast shutdown)."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """As a power cut leaves it, but for the disk: it recovers from its log at the next start."""
        self._end(signal.SIGQUIT)

    def close(self) -> None:
        if self._keeper is not None:
            self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    # -- databases -------------------------------------------------------------------------

    def make(self, name: str, *options: str) -> str:
        """An empty database of that name in place of any earlier one; returns its URL."""
        return self._make(name, f"TEMPLATE template0 {' '.join(options)}")

    def copy(self, template: str, name: str) -> str:
        """With all that is in another one, to which nobody may be connected just then."""
        return self._make(name, f"TEMPLATE {template}")

    def _make(self, name: str, how: str) -> str:
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.run(f"CREATE DATABASE {name} OWNER {ROLE} {how}")
        return self.url(name)

    def make_in_english(self, name: str) -> str:
        """With the order of a language, not of bytes, so that what relies on bytes shows."""
        return self.make(name, "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")

    def make_without_tables(self, name: str) -> str:
        """Again and again: to empty a database takes a tenth of making it."""
        if not self.run("SELECT 1 FROM pg_database WHERE datname = %s", name):
            return self.make_in_english(name)
        self.run(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {ROLE}", database=name)
        return self.url(name)

    def make_for_campaign(self, name: str) -> str:
        """With what looks for damage, and reached as from another machine: by its port, with a password."""
        self.make_in_english(name)
        self.run("CREATE EXTENSION amcheck", database=name)
        self.run(f"GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO {ROLE}", database=name)
        return self.url_with_password(name)

    def url(self, name: str) -> str:
        """By the socket, which asks for no password."""
        return f"postgresql://{ROLE}@/{name}?host={self.folder}&port={self.port}"

    def url_with_password(self, name: str, password: str = PASSWORD) -> str:
        return f"postgresql://{ROLE}:{quote(password, safe='')}@127.0.0.1:{self.port}/{name}"

    def run(self, statement: str, *values: object, database: str = "postgres") -> list[Any]:
        """As the superuser, outside any transaction."""
        with self._connected(database) as connection:
            cursor = connection.execute(statement, values or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def setting(self, name: str, value: str) -> Iterator[None]:
        """A setting of the whole server, for a while."""
        self.run(f"ALTER SYSTEM SET {name} = '{value}'")
        self._reload(name, value)
        try:
            yield
        finally:
            self.run(f"ALTER SYSTEM RESET {name}")
            self._reload(name, None)

    def _reload(self, name: str, value: str | None) -> None:
        self.run("SELECT pg_reload_conf()")
        deadline = time.monotonic() + _PATIENCE
        while value is not None and self.run(f"SHOW {name}")[0][0] != value:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def _connected(self, database: str) -> psycopg.Connection[Any]:
        where = {"host": str(self.folder), "port": self.port, "user": "postgres", "dbname": database}
        return psycopg.connect(**where, autocommit=True)  # type: ignore[arg-type]

    def _answers(self) -> bool:
        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self) -> None:
        if self._user:
            os.chown(self.folder, self._user["user"], self._user["group"])
        asked = ["--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256"]
        self._done(["initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", *asked])
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\n"
                f"unix_socket_directories = '{self.folder}'\nfsync = on\nsynchronous_commit = on\n"
                "deadlock_timeout = 50ms\n"
            )

    def _done(self, words: Sequence[str]) -> None:
        done = subprocess.run(
            [self._bin / words[0], *words[1:], "-D", self.folder / "data"],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            **self._user,
        )
        assert done.returncode == 0, done.stderr

    def _end(self, number: int) -> None:
        assert self._keeper is not None
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]), number)
        self._keeper.communicate(timeout=_PATIENCE)  # closes its input, and waits
        self._keeper = None


def _other_user() -> dict[str, Any]:
    """Root may not run the server: then it is Debian's own user, or nobody."""
    if os.geteuid() != 0:
        return {}
    try:
        found = pwd.getpwnam("postgres")
    except KeyError:
        found = pwd.getpwnam("nobody")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
