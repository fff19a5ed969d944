"""The EHR's memory: versions of resources, all-or-nothing changes, and an independent ledger."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from conformance.peers.codes import Resource, is_ai
from conformance.peers.search import Criterion, Token, fits, identifiers, tags
from conformance.peers.wire import Refused

Key = tuple[str, str]
_INDEXED = {"identifier": identifiers, "_tag": tags}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one resource as it was committed."""

    type: str
    id: str
    number: int
    at: datetime
    body: Resource

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"

    @property
    def etag(self) -> str:
        return f'W/"{self.number}"'


class Shelf:
    """Resources in memory. Every public method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._versions: dict[Key, list[Version]] = {}
        self._of_type: dict[str, list[str]] = defaultdict(list)
        self._index: dict[tuple[str, str, Token], list[str]] = defaultdict(list)
        self._ledger: list[Version] = []
        self._next = 1

    def read(self, type_: str, id_: str, number: int | None = None) -> Version | None:
        with self._lock:
            versions = self._versions.get((type_, id_), [])
            if number is None:
                return versions[-1] if versions else None
            return versions[number - 1] if 0 < number <= len(versions) else None

    def history(self, type_: str, id_: str) -> list[Version]:
        """All versions, newest first."""
        with self._lock:
            return self._versions.get((type_, id_), [])[::-1]

    def search(self, type_: str, criteria: Sequence[Criterion]) -> list[Version]:
        """Current versions that meet all criteria, oldest resource first."""
        with self._lock:
            current = (self._versions[type_, id_][-1] for id_ in self._candidates(type_, criteria))
            return [each for each in current if fits(each.body, criteria, self._identifiers_of)]

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A change that is committed whole when the block ends, and not at all when it raises."""
        with self._lock:
            change = Change(self)
            yield change
            self._commit(change)

    def ledger(self) -> Resource:
        """Every version ever committed, and how many resources carry each identifier or tag.

        The list is only ever appended to and nothing the EHR does depends on it, so it can
        count doubles even where a conditional create went wrong.
        """
        with self._lock:
            committed = list(self._ledger)
        bearers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for each in committed:
            for system, value in (*identifiers(each.body), *tags(each.body)):
                bearers[each.type][f"{system}|{value}"].add(each.id)
        counts = {t: {name: len(ids) for name, ids in named.items()} for t, named in bearers.items()}
        doubles = [f"{t} {name}" for t, named in counts.items() for name, n in named.items() if n > 1]
        return {"committed": [_line(each) for each in committed], "counts": counts, "doubles": doubles}

    def new_id(self, type_: str) -> str:
        with self._lock:
            id_, self._next = f"{type_[:2].lower()}{self._next}", self._next + 1
            return id_

    def _candidates(self, type_: str, criteria: Sequence[Criterion]) -> list[str]:
        for each in criteria:
            exact = each.param in _INDEXED and len(each.values) == 1 and each.token(0)
            if exact and exact[0] and exact[1]:
                return self._index.get((type_, each.param, (exact[0], exact[1])), [])
        return self._of_type.get(type_, [])

    def _identifiers_of(self, reference: str) -> Sequence[Token]:
        type_, _, id_ = reference.rpartition("/")
        found = self.read(type_.rpartition("/")[2], id_)
        return identifiers(found.body) if found else ()

    def _commit(self, change: Change) -> None:
        for version in change.staged.values():
            key = (version.type, version.id)
            if key not in self._versions:
                self._of_type[version.type].append(version.id)
            self._versions.setdefault(key, []).append(version)
            self._ledger.append(version)
            self._remember(version)

    def _remember(self, version: Version) -> None:
        for param, tokens_of in _INDEXED.items():
            for token in tokens_of(version.body):
                ids = self._index[version.type, param, token]
                if version.id not in ids:
                    ids.append(version.id)


class Change:
    """What is about to be committed; at most one new version of each resource."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.staged: dict[Key, Version] = {}

    def put(self, resource: Resource, id_: str, if_match: str | None = None) -> Version:
        """Stage the next version of a resource.

        Raises:
            Refused: 412 when ``if_match`` is not the current version, 400 when it is staged twice.
        """
        key = (resource["resourceType"], id_)
        if key in self.staged:
            raise Refused(400, "invalid", f"two entries of the bundle change {'/'.join(key)}")
        current = self._shelf.read(*key)
        if if_match is not None and (current is None or if_match != current.etag):
            raise Refused(412, "conflict", "If-Match does not name the current version; read it again")
        number = current.number + 1 if current else 1
        now = datetime.now(UTC)
        stamped = resource.get("meta", {}) | {"versionId": str(number), "lastUpdated": now.isoformat()}
        version = Version(*key, number, now, resource | {"id": id_, "meta": stamped})
        self.staged[key] = version
        return version

    def only_match(self, type_: str, criteria: Sequence[Criterion]) -> Version | None:
        """The one resource that matches, or None.

        Raises:
            Refused: 412 when several match (R4 http, conditional create and update).
        """
        found = self._shelf.search(type_, criteria)
        if len(found) > 1:
            raise Refused(412, "multiple-matches", f"the condition matches several {type_} resources")
        return found[0] if found else None


def _line(version: Version) -> Resource:
    subject = version.body.get("subject") or version.body.get("for") or {}
    return {
        "resource": f"{version.reference}/_history/{version.number}",
        "type": version.type,
        "id": version.id,
        "at": version.at.isoformat(),
        "identifiers": [f"{system}|{value}" for system, value in identifiers(version.body)],
        "tags": [f"{system}|{value}" for system, value in tags(version.body)],
        "subject": subject,
        "ai": is_ai(version.body),
    }
