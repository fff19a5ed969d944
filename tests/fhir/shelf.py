"""A shelf in memory, for the pure halves of the door."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from server.fhir.parse import parse
from server.fhir.rows.extraction import rows
from server.ports import Criterion, Stored
from server.query import Page, Query, ReferenceRow, TokenRow
from tests.fhir.brute import Collection, Item

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def stored(resource: dict[str, Any], version: int = 1, at: datetime = AT) -> Stored:
    """As it would stand on the shelf; ``resource`` has its id."""
    return Stored(resource["resourceType"], resource["id"], version, at, json.dumps(resource).encode())


class Shelf:
    """``server.ports.Shelf`` over a list of resources, one version each unless put again."""

    def __init__(self, *resources: dict[str, Any]) -> None:
        self._versions: dict[tuple[str, str], list[Stored]] = {}
        self.sealed: set[str] = set()
        for each in resources:
            self.put(each)

    def put(self, resource: dict[str, Any]) -> None:
        versions = self._versions.setdefault((resource["resourceType"], resource["id"]), [])
        versions.append(stored(resource, len(versions) + 1))

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        versions = self._versions.get((type_, id_), [])
        if version is None:
            return versions[-1] if versions else None
        return versions[version - 1] if version <= len(versions) else None

    def search(self, type_: str, criteria: Sequence[Criterion], limit: int) -> list[Stored]:
        current = [versions[-1] for (kind, _), versions in self._versions.items() if kind == type_]
        return [each for each in current if all(_meets(each, one) for one in criteria)][:limit]

    def find(self, query: Query, limit: int) -> list[Stored]:
        current = {(each.type, each.id): each for each in self._current()}
        return [current[each.type, each.id] for each in self._collection().found(query)][:limit]

    def count(self, query: Query, at_most: int) -> int:
        return min(len(self._collection().found(query)), at_most)

    def page(self, query: Query, count: int, token: str | None = None) -> Page | None:
        """Pages of what stands now; a token is where the next one begins."""
        if token is not None and not token.isdigit():
            return None
        start, found = int(token or 0), self.find(query, 10_000)
        entries = tuple((each.type, each.id, each.version) for each in found[start : start + count])
        following = str(start + count) if start + count < len(found) else None
        return Page(entries, len(found), following)

    def fetch(self, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
        found = [self.read(*entry) for entry in entries]
        return [each for each in found if each is not None]

    @contextmanager
    def snapshot(self) -> Iterator[Shelf]:
        yield self

    def _current(self) -> list[Stored]:
        return [versions[-1] for versions in self._versions.values()]

    def _collection(self) -> Collection:
        items = [
            Item(each.type, each.id, each.updated_at, rows(parse(each.body))) for each in self._current()
        ]
        return Collection(items, self.sealed)

    def history(self, type_: str, id_: str) -> list[Stored]:
        return list(reversed(self._versions.get((type_, id_), [])))


def _meets(each: Stored, criterion: Criterion) -> bool:
    held = {
        ("", row.target) if isinstance(row, ReferenceRow) else (row.system, row.code)
        for row in rows(parse(each.body))
        if isinstance(row, ReferenceRow | TokenRow) and row.param == criterion.param
    }
    if criterion.param == "_id":
        held = {("", each.id)}
    return any(
        value == have and system in (None, of) for system, value in criterion.values for of, have in held
    )
