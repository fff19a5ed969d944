"""The clients file as it is now: read again when it has changed, so that nobody must stop the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from server.access.clients import Client, load_clients
from server.caller import Scope
from server.errors import Category, Fault, fault
from server.reread import Reread

Demand = Callable[[Scope], None]
"""Raises Fault for a scope whose criteria the door cannot hold."""


class Register(Reread[Mapping[str, Client]]):
    """Who is registered."""

    def __init__(self, path: Path, demand: Demand, trouble: Callable[[str], None]) -> None:
        """As ``Reread``; every scope is one that the door can hold."""
        super().__init__(path, lambda file: checked(file or path, demand), trouble)


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
