"""The directory in memory: read once, and anew only what has changed or refers to what has.

To read five thousand specialists takes seconds, to see that nothing has changed milliseconds. What is
remembered is never older than the look at the store by which a match begins.
"""

from __future__ import annotations

import gc
from collections.abc import Collection
from dataclasses import dataclass, field

from server.errors import Category, fault
from server.fhir.identity import Look, once
from server.fhir.parse import parse
from server.fhir.specialists import TYPES, specialist
from server.model import Specialist
from server.ports import Stored, Watched

_MOST_ROLES = 10_000
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Entry:
    specialist: Specialist
    rests_on: frozenset[Key]
    """Everything that was looked at for it, found or not."""


@dataclass(slots=True)
class Roster:
    """Everyone in the directory, as of the last look; one for each process that carries cases."""

    store: Watched
    _moves: int = -1
    _versions: dict[Key, int] = field(default_factory=dict)
    _entries: dict[Key, _Entry] = field(default_factory=dict)
    _all: tuple[Specialist, ...] = ()

    def __call__(self) -> tuple[Specialist, ...]:
        """In the order they came, fit or not.

        Raises:
            Fault: TOO_LARGE, when they are more than can be weighed.
        """
        if self.store.moves(TYPES) != self._moves:
            with self.store.still() as still:
                self._read(still)
        return self._all

    def _read(self, still: Watched) -> None:
        moves, versions = still.moves(TYPES), dict(still.versions(TYPES))
        roles = [key for key in versions if key[0] == "PractitionerRole"]
        if len(roles) > _MOST_ROLES:
            text = f"the directory has more than {_MOST_ROLES} roles"
            raise fault(Category.TOO_LARGE, "too-costly", text)
        changed = {key for key, _ in versions.items() ^ self._versions.items()}
        look = once(still.read)
        entries = {key: self._entry(key, changed, look) for key in roles}
        self._all = tuple([each.specialist for each in entries.values()])
        if not self._entries:
            # What stays for good is not walked again by the collector: it would double the time of a match.
            gc.collect()
            gc.freeze()
        self._entries, self._versions, self._moves = entries, versions, moves

    def _entry(self, key: Key, changed: Collection[Key], look: Look) -> _Entry:
        known = self._entries.get(key)
        if known is not None and known.rests_on.isdisjoint(changed):
            return known
        seen = {key}

        def noted(type_: str, id_: str) -> Stored | None:
            seen.add((type_, id_))
            return look(type_, id_)

        stored = look(*key)
        role = (
            {"id": key[1], "resourceType": key[0], "active": False} if stored is None else parse(stored.body)
        )
        return _Entry(specialist(role, noted), frozenset(seen))
