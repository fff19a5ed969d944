"""The shelf with what this door says of itself beside what is stored (``server.fhir.artefacts``).

It is read, searched and paged like everything else, and is written nowhere: a version is drawn from the
content, so that whoever keeps a copy sees when it is another.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from server.errors import Category, fault
from server.fhir.artefacts.codes import code_systems, naming_systems, value_sets
from server.fhir.artefacts.heading import CHANGED
from server.fhir.artefacts.operations import operation_definitions
from server.fhir.artefacts.profiles import structure_definitions
from server.fhir.artefacts.searching import search_parameters
from server.fhir.bindings import PUBLISHED
from server.fhir.query.meeting import Unwritten, meets
from server.fhir.stamp import stamped
from server.fhir.write import dump
from server.model import Card
from server.ports import Around, Past, Resource, ResourceWrite, Shelf, Stored, Stretch
from server.query import Page, Query, Row, Sort

_AT = datetime.combine(CHANGED, time(), UTC)


def artefacts(cards: Iterable[Card]) -> tuple[Resource, ...]:
    """All that this door says of itself; ``cards`` of the readers whose questions are read here."""
    known = tuple(cards)
    return (
        *code_systems(known),
        *value_sets(known),
        *naming_systems(),
        *search_parameters(),
        *structure_definitions(),
        *operation_definitions(),
    )


def published(cards: Iterable[Card]) -> tuple[ResourceWrite, ...]:
    """The same as they would be stored."""
    return tuple(_kept(each) for each in sorted(artefacts(cards), key=lambda each: str(each["id"])))


def _kept(resource: Resource) -> ResourceWrite:
    version = zlib.crc32(dump(resource)) & 0x7FFFFFFF or 1
    return stamped(resource, resource["id"], version, _AT)


@dataclass(frozen=True, slots=True)
class Published:
    """``server.ports.Shelf``: what is published before what is stored; no type is both."""

    shelf: Shelf
    artefacts: Sequence[ResourceWrite]

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        if type_ not in PUBLISHED:
            return self.shelf.read(type_, id_, version)
        found = self.newest(type_, id_)
        return found if found is not None and version in (None, found.version) else None

    def newest(self, type_: str, id_: str) -> Stored | None:
        if type_ not in PUBLISHED:
            return self.shelf.newest(type_, id_)
        found = (each for each in self.artefacts if (each.type, each.id) == (type_, id_))
        return next((_stored(each) for each in found), None)

    def history(self, past: Past) -> Stretch:
        """They have none beyond what they say now, which the history of everything leaves out."""
        if past.types[0] in PUBLISHED and (past.id is not None or len(past.types) == 1):
            return self._now(past)
        types = tuple(each for each in past.types if each not in PUBLISHED)
        return self.shelf.history(replace(past, types=types)) if types else Stretch((), None)

    def _now(self, past: Past) -> Stretch:
        """One type, or one of it; all of them are current from the same moment on."""
        late = past.since is not None and past.since > _AT
        early = past.during is not None and past.during[1] <= _AT
        here = [
            each
            for each in self.artefacts
            if each.type == past.types[0] and past.id in (None, each.id) and not (late or early)
        ]
        start = _place(past.after)
        if start is None:
            text = "this is no page that was linked to; begin again"
            raise fault(Category.INCORRECT, "invalid", text)
        end = start + past.limit
        found = tuple(_stored(each) for each in here[start:end])
        places = tuple(str(start + n) for n in range(1, len(found) + 1))
        return Stretch(found, str(end) if end < len(here) else None, places)

    def around(self, around: Around) -> Stretch:
        return self.shelf.around(around)

    def referrers(self, type_: str, id_: str) -> Mapping[str, int]:
        return self.shelf.referrers(type_, id_)

    def resting_on(self, type_: str, id_: str, patient: str | None) -> str | None:
        return self.shelf.resting_on(type_, id_, patient)

    def asking(self, report: str, question: str) -> str | None:
        return self.shelf.asking(report, question)

    def find(self, query: Query, limit: int) -> list[Stored]:
        if query.type not in PUBLISHED:
            return self.shelf.find(query, limit)
        return [_stored(each) for each in self._found(query)[:limit]]

    def count(self, query: Query, at_most: int) -> int:
        if query.type not in PUBLISHED:
            return self.shelf.count(query, at_most)
        return min(len(self._found(query)), at_most)

    def page(self, query: Query, count: int, token: str | None = None) -> Page | None:
        """A token says where the page begins: what is published stands still by itself."""
        if query.type not in PUBLISHED:
            return self.shelf.page(query, count, token)
        found, start = self._found(query), _place(token)
        if start is None:
            return None
        end = start + count
        entries = tuple((each.type, each.id, each.version) for each in found[start:end])
        onward = str(end) if count and end < len(found) else None
        before = str(max(start - count, 0)) if start else None
        return Page(entries, len(found), onward, first="0" if onward or start else None, previous=before)

    def fetch(self, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
        if not any(type_ in PUBLISHED for type_, _, _ in entries):
            return self.shelf.fetch(entries)
        found = [self.read(*entry) for entry in entries]
        return [each for each in found if each is not None]

    @contextmanager
    def snapshot(self) -> Iterator[Shelf]:
        with self.shelf.snapshot() as shelf:
            yield Published(shelf, self.artefacts)

    def _found(self, query: Query) -> list[ResourceWrite]:
        found = [
            each
            for each in self.artefacts
            if each.type == query.type and meets(Unwritten(each.id, each.index, each.updated_at), query.where)
        ]
        for key in reversed(query.sort):
            found = _sorted(found, key)
        return found


def _place(token: str | None) -> int | None:
    """Where a page begins; None when nobody was linked to it."""
    if token is None:
        return 0
    return int(token) if token.isascii() and token.isdigit() and len(token) < 6 else None


def _stored(write: ResourceWrite) -> Stored:
    return Stored(write.type, write.id, write.version, write.updated_at, write.body, write.method)


def _sorted(found: list[ResourceWrite], key: Sort) -> list[ResourceWrite]:
    """Stable, and what has no value last."""
    valued = [(value, each) for each in found if (value := _value(each, key)) is not None]
    valued.sort(key=lambda pair: pair[0], reverse=key.descending)
    return [each for _, each in valued] + [each for each in found if _value(each, key) is None]


def _value(write: ResourceWrite, key: Sort) -> str | None:
    if key.param == "_id":
        return write.id
    values = sorted(_text(row) for row in write.index if row.param == key.param)
    return (values[-1] if key.descending else values[0]) if values else None


def _text(row: Row) -> str:
    """What artefacts are put in order by: words, codes, one date for all."""
    match row:
        case _ if hasattr(row, "code"):
            return str(row.code)
        case _ if hasattr(row, "text"):
            return str(row.text).casefold()
        case _:
            return str(getattr(row, "low", getattr(row, "target", "")))
