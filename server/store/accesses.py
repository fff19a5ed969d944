"""Where accesses are laid down, and taken from when they have become AuditEvents.

What writes lays its access down in its own commit (``note``). What only reads shares a flush with all that
wait at the same moment: on SQLite in ``audit.db``, so that nobody waits for the case's writers, on
PostgreSQL in the same table.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from server.accesses import Access
from server.errors import Category, Fault, fault
from server.ports import ResourceWrite
from server.store import resources
from server.store.access_table import access
from server.store.beside import Beside, own
from server.store.database import Database
from server.store.prepared import Prepared

_NOTE = Prepared(insert(access).values(body=bindparam("body")))
_FORGET = Prepared(delete(access).where(access.c.seq == bindparam("n")).returning(access.c.seq))


def note(connection: Connection, accesses: Sequence[Access]) -> None:
    """Lay them down in the commit of what they did."""
    if accesses:
        _NOTE.run_rows(connection, [(msgspec.json.encode(each),) for each in accesses])


@dataclass(frozen=True, slots=True)
class Noted:
    """An access where it lies."""

    number: int
    file: str
    """The name of the file that it lies in; empty for the table."""
    access: Access


@dataclass(frozen=True, slots=True)
class Marks:
    """How far something goes: the newest number in each place."""

    inside: int
    beside: Mapping[str, int]


class _Ticket:
    """What one thread waits to see flushed."""

    __slots__ = ("bodies", "done", "failure", "woken")

    def __init__(self, bodies: list[bytes]) -> None:
        self.bodies = bodies
        self.done = False
        self.failure: Fault | None = None
        self.woken = Lock()
        self.woken.acquire()


class Accesses:
    """All accesses that are not AuditEvents yet; ``folder`` holds ``audit-N.db``, None on PostgreSQL."""

    def __init__(self, database: Database, folder: Path | None) -> None:
        self._database = database
        self._folder = folder
        self._opening = Lock()
        self._files: dict[str, Beside] = {}
        self._mine = ""
        self._lock = -1
        if folder is not None:
            path, self._lock = own(folder)
            self._mine = path.name
            self._open()
        self._waiting: list[_Ticket] = []
        self._led = False
        self._mutex = Lock()

    def keep(self, accesses: Sequence[Access]) -> None:
        """Durable on return, in one flush with what other threads lay down at the same moment.

        Raises:
            Fault: UNAVAILABLE when it could not be written.
        """
        ticket = _Ticket([msgspec.json.encode(each) for each in accesses])
        with self._mutex:
            self._waiting.append(ticket)
            leads, self._led = not self._led, True
        if not leads:
            ticket.woken.acquire()  # by whoever has flushed it, or leaves the next flush to it
        if not ticket.done and ticket.failure is None:
            self._flush(ticket)
        if ticket.failure is not None:
            raise Fault(ticket.failure.category, *ticket.failure.issues) from ticket.failure

    def _flush(self, mine: _Ticket) -> None:
        """Everything that waits; whoever came meanwhile is in the next flush, which one of them begins."""
        with self._mutex:
            batch, self._waiting = self._waiting, []
        failure: Fault | None = fault(Category.BROKEN, "exception", "the audit trail could not be written")
        try:
            self._add([body for each in batch for body in each.bodies])
            failure = None
        except Fault as told:
            failure = told
        finally:
            for each in batch:
                each.done, each.failure = failure is None, failure
            with self._mutex:
                following = self._waiting[:1]
                self._led = bool(following)
            for each in (*following, *batch):
                if each is not mine:
                    each.woken.release()

    def _add(self, bodies: list[bytes]) -> None:
        if self._mine:
            self._files[self._mine].add(bodies)
            return
        self._database.write(lambda c: _NOTE.run_rows(c, [(body,) for body in bodies]))

    # -- becoming AuditEvents ------------------------------------------------------------------

    def marks(self) -> Marks:
        """How far what has been laid down until now goes."""
        query = select(func.coalesce(func.max(access.c.seq), 0))
        inside = self._database.read(lambda c: int(c.execute(query).scalar_one()))
        self._open()
        return Marks(inside, {name: each.newest() for name, each in list(self._files.items())})

    def _open(self) -> None:
        """The files of all processes; one that has just started has made its own."""
        if self._folder is None:
            return
        with self._opening:
            for path in sorted({self._folder / self._mine, *self._folder.glob("audit-*.db")}):
                if path.name not in self._files:
                    self._files[path.name] = Beside(path)

    def waiting(self, upto: Marks, limit: int) -> list[Noted]:
        """The oldest of them, of one place."""
        query = select(access.c.seq, access.c.body).where(access.c.seq <= upto.inside)
        ordered = query.order_by(access.c.seq).limit(limit)
        rows = self._database.read(lambda c: [(row[0], bytes(row[1])) for row in c.execute(ordered)])
        name = ""
        for file, newest in upto.beside.items():
            if rows:
                break
            name, rows = file, self._files[file].oldest(newest, limit)
        return [Noted(number, name, msgspec.json.decode(body, type=Access)) for number, body in rows]

    def settle(self, settled: Sequence[tuple[Noted, Sequence[ResourceWrite]]]) -> None:
        """The AuditEvents of each stand here from now on, and it lies here no more.

        Exactly once, whoever else does the same just now, and wherever a process dies between the two files.
        """
        self._database.write(lambda c: _settle(c, settled))
        for file in {each.file for each, _ in settled if each.file}:
            self._files[file].forget([each.number for each, _ in settled if each.file == file])

    def close(self) -> None:
        for each in self._files.values():
            each.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _settle(connection: Connection, settled: Sequence[tuple[Noted, Sequence[ResourceWrite]]]) -> None:
    for noted, writes in settled:
        if noted.file:
            new = [each for each in writes if resources.newest(connection, each.type, each.id) is None]
        else:
            mine = _FORGET.run(connection, n=noted.number).fetchone() is not None
            new = list(writes) if mine else []
        if new:
            resources.apply(connection, new, None)
