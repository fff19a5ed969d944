"""A shelf in memory, for the pure halves of the door."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from server.fhir.parse import parse
from server.fhir.references import pointers, targets
from server.fhir.rows.extraction import rows
from server.notices import Occurrence, Subscribed
from server.ports import Method, Stored
from server.query import Page, Query
from tests.fhir import brute

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def stored(resource: dict[str, Any], version: int = 1, at: datetime = AT) -> Stored:
    """As it would stand on the shelf; ``resource`` has its id."""
    return Stored(resource["resourceType"], resource["id"], version, at, json.dumps(resource).encode())


class NoSeals:
    """``server.ports.Seals`` under which nothing is."""

    def under_seal(self, named: Collection[str], answering: Collection[str] = ()) -> frozenset[str]:
        del named, answering
        return frozenset()


class NoNotices:
    """``server.notices.Notices`` of a house without subscriptions."""

    def subscribed(self, ids: Collection[str]) -> Mapping[str, Subscribed]:
        del ids
        return {}

    def occurrences(self, id_: str, first: int, last: int, limit: int) -> Sequence[Occurrence]:
        del id_, first, last, limit
        return ()

    def listening(self, client: str) -> int:
        del client
        return 0


class Shelf:
    """``server.ports.Shelf`` over a list of resources, one version each unless put again."""

    def __init__(self, *resources: dict[str, Any]) -> None:
        self._versions: dict[tuple[str, str], list[Stored]] = {}
        self.open_cases: dict[str, str] = {}
        """``Type/id`` that an open case rests on -> id of its Task."""
        self.asked: dict[str, str] = {}
        """``DiagnosticReport/id`` that an open case asks about -> id of its Task."""
        self.sealed: set[str] = set()
        for each in resources:
            self.put(each)

    def put(self, resource: dict[str, Any]) -> None:
        versions = self._versions.setdefault((resource["resourceType"], resource["id"]), [])
        versions.append(stored(resource, len(versions) + 1))

    def delete(self, type_: str, id_: str) -> None:
        versions = self._versions[type_, id_]
        versions.append(Stored(type_, id_, len(versions) + 1, AT, b"", Method.DELETE))

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        if version is None:
            newest = self.newest(type_, id_)
            return None if newest is None or newest.deleted else newest
        versions = self._versions.get((type_, id_), [])
        return versions[version - 1] if version <= len(versions) else None

    def newest(self, type_: str, id_: str) -> Stored | None:
        versions = self._versions.get((type_, id_), [])
        return versions[-1] if versions else None

    def referrers(self, type_: str, id_: str) -> Mapping[str, int]:
        others = [each for each in self._current() if (each.type, each.id) != (type_, id_)]
        return Counter(
            each.type for each in others if f"{type_}/{id_}" in targets(pointers(parse(each.body)))
        )

    def resting_on(self, type_: str, id_: str, patient: str | None) -> str | None:
        del patient
        return self.open_cases.get(f"{type_}/{id_}")

    def asking(self, report: str, question: str) -> str | None:
        del question
        return self.asked.get(report)

    def _current(self) -> list[Stored]:
        return [versions[-1] for versions in self._versions.values() if not versions[-1].deleted]

    def moves(self, types: Sequence[str]) -> int:
        return sum(len(versions) for (type_, _), versions in self._versions.items() if type_ in types)

    def versions(self, types: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return {(each.type, each.id): each.version for each in self._current() if each.type in types}

    @contextmanager
    def still(self) -> Iterator[Shelf]:
        yield self

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

    def _collection(self) -> brute.Collection:
        items = [
            brute.Item(each.type, each.id, each.updated_at, rows(parse(each.body)))
            for each in self._current()
        ]
        return brute.Collection(items, self.sealed)
