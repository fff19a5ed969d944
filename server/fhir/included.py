"""What is answered beside the matches of a search (R4 search.html#include), each once and within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from server.fhir.bindings import KEPT
from server.fhir.parse import own
from server.fhir.query.asker import Asker
from server.fhir.query.includes import Include
from server.fhir.references import local
from server.fhir.rows.extraction import led_to_by
from server.ports import Shelf, Stored
from server.query import Ids, Query, Reference, Test

_ROUNDS = 20
"""How far ``:iterate`` goes on."""


@dataclass(slots=True)
class Included:
    """What has been found so far."""

    shelf: Shelf
    asker: Asker
    most: int
    found: list[Stored] = field(default_factory=list)
    cut: bool = False
    """There is more than is answered."""
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def follow(self, matches: Sequence[Stored], includes: Sequence[Include]) -> None:
        """Find what the includes lead to, from the matches and on until nothing new comes."""
        self._seen = {(each.type, each.id) for each in matches}
        fresh = self._round(matches, includes)
        onward = [each for each in includes if each.iterate]
        for _ in range(_ROUNDS):
            if not (fresh and onward):
                return
            fresh = self._round(fresh, onward)
        self.cut = self.cut or bool(fresh)

    def _round(self, of: Sequence[Stored], includes: Sequence[Include]) -> list[Stored]:
        before = len(self.found)
        led_to = [led_to_by(own(each.body)) for each in of] if includes else []
        for include in includes:
            if include.back:
                names = [f"{each.type}/{each.id}" for each in of if include.target in (None, each.type)]
                if names:
                    self._find(include.source, Reference(include.param, tuple(names)))
                continue
            places = (
                place
                for each, targets in zip(of, led_to, strict=True)
                if each.type == include.source
                for place in _local(targets.get(include.param, ()), include.target)
            )
            self._fetch(dict.fromkeys(places))
        return self.found[before:]

    def _fetch(self, places: dict[tuple[str, str], None]) -> None:
        wanted: dict[str, list[str]] = {}
        for type_, id_ in places:
            if (type_, id_) not in self._seen:
                wanted.setdefault(type_, []).append(id_)
        for type_, ids in wanted.items():
            self._find(type_, Ids(tuple(ids)))

    def _find(self, type_: str, test: Test) -> None:
        room = self.most - len(self.found)
        query = Query(type_, (test, *self.asker.sees(type_)))
        for each in self.shelf.find(query, room + len(self._seen) + 1):
            if (each.type, each.id) in self._seen:
                continue
            if len(self.found) == self.most:
                self.cut = True
                return
            self._seen.add((each.type, each.id))
            self.found.append(each)


def _local(targets: Sequence[str], type_: str | None) -> Iterator[tuple[str, str]]:
    """The places here among what references lead to."""
    for target in targets:
        place = local(target)
        if place is not None and place[0] in KEPT and type_ in (None, place[0]):
            yield place
