"""The shelf as one caller sees it: what they may not see is not there (R4 security.html, SMART scopes v2).

Everything behind the door reads through it, so that a resource out of sight answers as an absent one does:
the same refusal of a read, of a reference to it, of a condition that would match it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from server.caller import Deed
from server.fhir.access import Rights
from server.fhir.parse import own
from server.fhir.rows.extraction import rows, searchable
from server.ports import Criterion, Shelf, Stored
from server.query import ALWAYS, NEVER, Ids, Page, Query, Reference, Test, Token

READING = (Deed.READ,)
WRITING = (Deed.READ, Deed.SEARCH, Deed.UPDATE, Deed.DELETE)
"""Whoever may change a resource may plan with it, though they may not read it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """``server.ports.Shelf`` for one caller. Searches come with what their caller sees as tests of theirs."""

    shelf: Shelf
    rights: Rights
    deeds: tuple[Deed, ...] = READING
    """A resource is in sight of whoever may do one of these with it."""

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        """An old version is seen by whoever may see it and the current one."""
        current = self.shelf.read(type_, id_)
        if current is None or not self._sees(current, self.deeds):
            return None
        if version in (None, current.version):
            return current
        old = self.shelf.read(type_, id_, version)
        return old if old is not None and self._sees(old, self.deeds) else None

    def search(self, type_: str, criteria: Sequence[Criterion], limit: int) -> list[Stored]:
        seen = self.rights.sees(type_, Deed.SEARCH)
        if seen == ALWAYS:
            return self.shelf.search(type_, criteria, limit)
        if seen == NEVER:
            return []
        where = (*(_test(type_, each) for each in criteria), seen)
        return self.shelf.find(Query(type_, where), limit)

    def find(self, query: Query, limit: int) -> list[Stored]:
        return self.shelf.find(query, limit)

    def count(self, query: Query, at_most: int) -> int:
        return self.shelf.count(query, at_most)

    def page(self, query: Query, count: int, token: str | None = None) -> Page | None:
        return self.shelf.page(query, count, token)

    def fetch(self, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
        return [each for each in self.shelf.fetch(entries) if self._sees(each, (Deed.SEARCH,))]

    def history(self, type_: str, id_: str) -> list[Stored]:
        versions = self.shelf.history(type_, id_)
        if not versions or not self._sees(versions[0], self.deeds):
            return []
        return [each for each in versions if self._sees(each, self.deeds)]

    @contextmanager
    def snapshot(self) -> Iterator[Shelf]:
        with self.shelf.snapshot() as shelf:
            yield Seen(shelf, self.rights, self.deeds)

    def _sees(self, stored: Stored, deeds: tuple[Deed, ...]) -> bool:
        tests = [self.rights.sees(stored.type, deed) for deed in deeds]
        if ALWAYS in tests:
            return True
        if all(test == NEVER for test in tests):
            return False
        return self.rights.covers(deeds, stored.type, stored.id, rows(own(stored.body)))


def _test(type_: str, criterion: Criterion) -> Test:
    codes = tuple(code for _, code in criterion.values)
    if criterion.param == "_id":
        return Ids(codes)
    if searchable(type_)[criterion.param].type == "reference":
        return Reference(criterion.param, codes)
    return Token(criterion.param, criterion.values)
