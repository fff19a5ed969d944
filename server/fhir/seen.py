"""The shelf as one caller sees it: what they may not see is not there (R4 security.html, SMART scopes v2).

Everything behind the door reads through it, so that a resource out of sight answers as an absent one does:
the same refusal of a read, of a reference to it, of a condition that would match it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from server.caller import Deed
from server.fhir.access import CONTEXT, CONTEXTS, Rights
from server.fhir.bindings import KEPT
from server.fhir.parse import own
from server.fhir.references import local
from server.fhir.rows.extraction import rows
from server.ports import Around, Past, Shelf, Stored, Stretch
from server.query import ALWAYS, NEVER, AllOf, Page, Query, ReferenceRow, Row

READING = (Deed.READ,)
WRITING = (Deed.READ, Deed.SEARCH, Deed.UPDATE, Deed.DELETE)
"""Whoever may change a resource may plan with it, though they may not read it."""
_FINDING = (Deed.SEARCH,)
_OTHERS = "resource that this client may not find"


@dataclass(frozen=True, slots=True)
class Seen:
    """``server.ports.Shelf`` for one caller. Searches come with what their caller sees as tests of theirs."""

    shelf: Shelf
    rights: Rights
    deeds: tuple[Deed, ...] = READING
    """A resource is in sight of whoever may do one of these with it."""

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        """An old version is seen by whoever may see it and the newest one."""
        newest = self.newest(type_, id_)
        if newest is None:
            return None
        if version is None:
            return None if newest.deleted else newest
        old = self.shelf.read(type_, id_, version)
        return old if old is not None and self._sees(old, self.deeds) else None

    def newest(self, type_: str, id_: str) -> Stored | None:
        newest = self.shelf.newest(type_, id_)
        return newest if newest is not None and self._sees(newest, self.deeds) else None

    def history(self, past: Past) -> Stretch:
        """Of one resource what may be read, of types what may be found."""
        if past.id is not None:
            if self.newest(past.types[0], past.id) is None:
                return Stretch((), None)
            return self._within(self.shelf.history(past), self.deeds)
        types = tuple(each for each in past.types if self.rights.sees(each, Deed.SEARCH) != NEVER)
        if not types:
            return Stretch((), None)
        meeting = {each: AllOf(tests) for each in types if (tests := self.rights.finding(each))}
        wanted = replace(past, types=types, meeting=meeting)
        stretch = self._within(self.shelf.history(wanted), _FINDING)
        standing: dict[tuple[str, str], bool] = {}
        for each in stretch.found:
            if (each.type, each.id) not in standing:
                newest = self.shelf.newest(each.type, each.id)
                standing[each.type, each.id] = newest is not None and self._sees(newest, _FINDING)
        return _only(stretch, lambda each: standing[each.type, each.id])

    def around(self, around: Around) -> Stretch:
        """What comes along because of something out of sight would tell of it."""
        meeting = {each: AllOf(tests) for each in KEPT if (tests := self.rights.finding(each))}
        return self._within(self.shelf.around(replace(around, meeting=meeting)), _FINDING)

    def referrers(self, type_: str, id_: str) -> Mapping[str, int]:
        """That something out of sight refers to it is told, and not how much, nor what."""
        told: dict[str, int] = {}
        for name, count in self.shelf.referrers(type_, id_).items():
            if self.rights.sees(name, Deed.SEARCH) == NEVER:
                told[_OTHERS] = 1
            else:
                told[name] = count
        return told

    def resting_on(self, type_: str, id_: str, patient: str | None) -> str | None:
        return self.shelf.resting_on(type_, id_, patient)

    def asking(self, report: str, question: str) -> str | None:
        return self.shelf.asking(report, question)

    def find(self, query: Query, limit: int) -> list[Stored]:
        return self.shelf.find(self._mine(query), limit)

    def count(self, query: Query, at_most: int) -> int:
        return self.shelf.count(self._mine(query), at_most)

    def page(self, query: Query, count: int, token: str | None = None) -> Page | None:
        return self.shelf.page(self._mine(query), count, token)

    def fetch(self, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
        return [each for each in self.shelf.fetch(entries) if self._sees(each, _FINDING)]

    @contextmanager
    def snapshot(self) -> Iterator[Shelf]:
        with self.shelf.snapshot() as shelf:
            yield Seen(shelf, self.rights, self.deeds)

    def _mine(self, query: Query) -> Query:
        """With what the caller may find, unless the search has come with it."""
        more = tuple(each for each in self.rights.finding(query.type) if each not in query.where)
        return replace(query, where=(*query.where, *more)) if more else query

    def _within(self, stretch: Stretch, deeds: tuple[Deed, ...]) -> Stretch:
        return _only(stretch, lambda each: self._sees(each, deeds))

    def _sees(self, stored: Stored, deeds: tuple[Deed, ...]) -> bool:
        """A tombstone is seen by whoever might see what it stands for."""
        tests = [self.rights.sees(stored.type, deed) for deed in deeds]
        if ALWAYS in tests and stored.type != CONTEXT[0]:
            return True
        if all(test == NEVER for test in tests):
            return False
        told: Stored | None = stored
        if stored.deleted:
            told = self.shelf.read(stored.type, stored.id, stored.version - 1)
        if told is None:
            return False
        held = rows(own(told.body))
        return self.rights.covers(deeds, told.type, told.id, held) and self._in_context(told.type, held)

    def _in_context(self, type_: str, held: Sequence[Row]) -> bool:
        """A Binary is seen by whoever may read or find what it is part of (R4 Binary.securityContext)."""
        targets = [
            row.target for row in held if isinstance(row, ReferenceRow) and (type_, row.param) == CONTEXT
        ]
        for place in filter(None, map(local, targets)):
            context = self.shelf.newest(*place) if place[0] in CONTEXTS else None
            if context is not None and not self._sees(context, (Deed.READ, Deed.SEARCH)):
                return False
        return True


def _only(stretch: Stretch, shown: Callable[[Stored], bool]) -> Stretch:
    """What is left of it, each with its place."""
    left = [(each, place) for each, place in zip(stretch.found, stretch.places, strict=True) if shown(each)]
    return replace(stretch, found=tuple(each for each, _ in left), places=tuple(place for _, place in left))
