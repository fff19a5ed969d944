"""The clients file as it is now: read again when it has changed, so that nobody must stop the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from server.access.clients import Client, load_clients
from server.caller import Scope
from server.errors import Category, Fault, fault

Demand = Callable[[Scope], None]
"""Raises Fault for a scope whose criteria the door cannot hold."""


class Register:
    """Who is registered. Threads may share it: what they replace is one value."""

    def __init__(self, path: Path, demand: Demand, trouble: Callable[[str], None]) -> None:
        """``trouble`` is told of a changed file that cannot be used; the last good one stays in force.

        Raises:
            Fault: INCORRECT for a file that is wrong from the beginning.
        """
        self._path, self._demand, self._trouble = path, demand, trouble
        self._stamp = _stamp(path)
        self._clients = checked(path, demand)

    def current(self) -> Mapping[str, Client]:
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._clients = checked(self._path, self._demand)
            except Fault as failure:
                self._trouble(str(failure))
        return self._clients


def checked(path: Path, demand: Demand) -> Mapping[str, Client]:
    """The clients of a file, each scope one that the door can hold.

    Raises:
        Fault: INCORRECT, naming file, client and what is allowed.
    """
    clients = load_clients(path)
    for client in clients.values():
        for number, scope in enumerate(client.scopes, start=1):
            try:
                demand(scope)
            except Fault as failure:
                text = f"{path}: {client.id}: scope {number}: {failure}"
                raise fault(Category.INCORRECT, "value", text) from failure
    return clients


def _stamp(path: Path) -> tuple[int, int, int]:
    """Tells a changed file; a file that is gone looks like a changed one."""
    try:
        seen = path.stat()
    except OSError:
        return (0, 0, 0)
    return (seen.st_mtime_ns, seen.st_size, seen.st_ino)
