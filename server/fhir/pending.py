"""The shelf as it would stand after a request."""

from __future__ import annotations

from collections.abc import Iterator

from server.fhir.parse import own
from server.ports import Resource, Shelf, Stored


class Pending:
    """What the request writes and deletes, before what is stored."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._new: dict[tuple[str, str], Resource | None] = {}
        self._seen: dict[tuple[str, str], Stored | None] = {}

    def add(self, type_: str, id_: str, resource: Resource) -> None:
        self._new[type_, id_] = resource

    def remove(self, type_: str, id_: str) -> None:
        self._new[type_, id_] = None

    def changes(self, type_: str) -> Iterator[tuple[str, Resource | None]]:
        """(id, resource) of what the request writes of one type; None where it deletes."""
        return ((id_, resource) for (of, id_), resource in self._new.items() if of == type_)

    def holds(self, type_: str, id_: str) -> bool:
        if (type_, id_) in self._new:
            return self._new[type_, id_] is not None
        return self._stored(type_, id_) is not None

    def look(self, type_: str, id_: str) -> Resource | None:
        if (type_, id_) in self._new:
            return self._new[type_, id_]
        stored = self._stored(type_, id_)
        return None if stored is None else own(stored.body)

    def _stored(self, type_: str, id_: str) -> Stored | None:
        if (type_, id_) not in self._seen:
            self._seen[type_, id_] = self._shelf.read(type_, id_)
        return self._seen[type_, id_]
