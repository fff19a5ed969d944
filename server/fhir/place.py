"""Where each write of a request will stand: an existing resource, a new version of one, or a new one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from server.errors import Category, Fault, fault
from server.fhir import rules
from server.fhir.admission import is_final_read
from server.fhir.asked import Asked
from server.fhir.conditional import matching, one_at_most
from server.fhir.parse import own
from server.fhir.repeats import placer_query, same_request
from server.fhir.task_states import ended
from server.fhir.veil import demand_unsealed
from server.ports import Resource, Seals, Shelf, Stored
from server.query import Query

_STAMPED = ("versionId", "lastUpdated")
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2}
"""R4 http.html#trules: what is deleted is gone for whoever looks afterwards."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one write will stand."""

    id: str
    newest: Stored | None = None
    """What a new version would follow, be it a tombstone."""
    kept: Stored | None = None
    """What stands already as it was asked for."""
    idle: bool = False
    """Nothing is to be written."""

    @property
    def current(self) -> Stored | None:
        """What is here now."""
        return None if self.newest is None or self.newest.deleted else self.newest


@dataclass(frozen=True, slots=True)
class Placer:
    """Finds the places of one request."""

    shelf: Shelf
    seals: Seals
    base: str
    _deleted: dict[str, set[str]] = field(default_factory=dict)

    def all(self, asked: Sequence[Asked]) -> list[Place]:
        """The places in the order of ``asked``; a PATCH gets the resource that it makes.

        Raises:
            Fault: with the reason of the first that has none, in R4's order of processing.
        """
        places: dict[int, Place] = {}
        for n in sorted(range(len(asked)), key=lambda n: _ORDER[asked[n].method]):
            places[n] = self._place(asked[n])
        return [places[n] for n in range(len(asked))]

    def _place(self, asked: Asked) -> Place:
        match asked.method:
            case "DELETE":
                return self._deletion(asked)
            case "PATCH":
                return self._patched(asked)
        if asked.id is not None:
            newest = self.shelf.newest(asked.type, asked.id)
            if newest is not None and _said_already(asked, newest):
                return Place(asked.id, newest, newest, idle=True)
            return Place(asked.id, newest)
        if asked.wanted is None:
            return self._repeat(asked)
        found = self._match(asked, asked.wanted)
        if asked.method == "POST" and found:
            return Place(found.id, kept=found, idle=True)
        if asked.method == "PUT" and "id" in asked.resource:
            return self._named(asked, found)
        return Place(found.id, found) if found else Place(str(uuid.uuid4()))

    def _match(self, asked: Asked, wanted: Query) -> Stored | None:
        without = self._deleted.get(asked.type, set())
        return one_at_most(matching(self.shelf, wanted, without), asked.path)

    def _newest(self, asked: Asked) -> Stored | None:
        if asked.wanted is not None:
            return self._match(asked, asked.wanted)
        return None if asked.id is None else self.shelf.newest(asked.type, asked.id)

    def _deletion(self, asked: Asked) -> Place:
        newest = self._newest(asked)
        if newest is None or newest.deleted:
            return Place(asked.id or "", newest, newest, idle=True)
        self._deleted.setdefault(asked.type, set()).add(newest.id)
        return Place(newest.id, newest)

    def _patched(self, asked: Asked) -> Place:
        """A patch is made from the version that is here; the store takes it only while that is current."""
        current = self._newest(asked)
        try:
            if current is None or current.deleted:
                raise _not_here(current)
            demand_unsealed(self.seals, current)
            check_version(asked, current)
            return self._changed(asked, current)
        except Fault as failure:
            raise within(failure, asked.path) from failure

    def _changed(self, asked: Asked, current: Stored) -> Place:
        """A patch that changes nothing makes no version: there is nothing to tell of."""
        if asked.change is None:
            raise TypeError("a PATCH says what it changes")
        before = own(current.body)
        asked.resource = asked.change(before)
        same = asked.resource is before
        return Place(current.id, current, current if same else None, idle=same)

    def _named(self, asked: Asked, found: Stored | None) -> Place:
        """A conditional update that says an id: the one that matches, or a new one (#cond-update)."""
        id_ = asked.resource["id"]
        if found and found.id != id_:
            text = "the id in the body is not the id of what matches"
            raise fault(Category.INCORRECT, "invalid", text, asked.path)
        newest = self.shelf.newest(asked.type, id_)
        if not found and newest is not None and not newest.deleted:
            text = "this id is taken by a resource that does not match"
            raise fault(Category.CONFLICT, "duplicate", text, asked.path)
        return Place(id_, found or newest)

    def _repeat(self, asked: Asked) -> Place:
        """A second-read Task is known by its placer's identifier: sending it again is harmless."""
        if asked.type != "Task":
            return Place(str(uuid.uuid4()))
        try:
            placed = placer_query(asked.resource)
        except Fault as failure:
            raise within(failure, asked.path) from failure
        found = matching(self.shelf, placed, self._deleted.get("Task", set()))
        if not found:
            return Place(str(uuid.uuid4()))
        first = self.shelf.read("Task", found[0].id, 1)
        if first is None or not same_request(own(first.body), asked.resource, self.base):
            raise taken(found[0], asked.path)
        return Place(found[0].id, kept=found[0], idle=True)


def _said_already(asked: Asked, newest: Stored) -> bool:
    """Whether a specialist who has finalised says the same again: it is answered as the first time.

    Their answer may have been lost on its way; If-Match names the version before it then.
    """
    if newest.type != "Task" or newest.deleted or not ended(str(asked.resource.get("status", ""))):
        return False
    if asked.if_match is None or asked.if_match >= newest.version:
        return False
    stands = own(newest.body)
    return is_final_read(stands) and _told(stands) == _told(asked.resource)


def _told(task: Resource) -> Resource:
    meta = {name: part for name, part in task.get("meta", {}).items() if name not in _STAMPED}
    rest = {name: part for name, part in task.items() if name not in ("meta", "lastModified")}
    return {**rest, "meta": meta}


def check_version(asked: Asked, current: Stored | None) -> None:
    """If-Match and If-None-Match (R4 http.html#concurrency).

    Raises:
        Fault: STALE.
    """
    if asked.only_new and current is not None:
        text = "If-None-Match: * asks that it is new, and it is here already"
        raise fault(Category.STALE, "conflict", text)
    if asked.if_match is not None and (current is None or current.version != asked.if_match):
        now = "it is not here" if current is None else f'the current one is W/"{current.version}"'
        text = f"If-Match names a version that is not current; {now}"
        raise fault(Category.STALE, "conflict", text)
    aware = asked.method in ("PUT", "PATCH") and asked.type in rules.VERSION_AWARE
    if asked.if_match is None and current is not None and aware:
        text = f'changing a {asked.type} needs If-Match: W/"version"; read it first'
        raise fault(Category.STALE, "conflict", text)


def taken(task: Stored, path: str) -> Fault:
    """Somebody has asked something else under this identifier."""
    text = f"Task/{task.id} has this identifier; a new request needs a new one, a repeat the same content"
    return fault(Category.CONFLICT, "duplicate", text, path or "Task.identifier")


def asked_already(task: Stored | None) -> Fault:
    """An open case asks the same question about the same report, under another id than the one wished for."""
    which = "a Task that this client may not see" if task is None else f"Task/{task.id}"
    text = f"{which} asks this about the report already and is not done; a new one is taken when it has ended"
    return fault(Category.CONFLICT, "duplicate", text, "Task.focus")


def within(failure: Fault, path: str) -> Fault:
    """The same refusal, told of an entry of a Bundle: ``Task.code`` is ``Bundle.entry[3].resource.code``."""
    if not path:
        return failure
    issues = (
        replace(issue, path=f"{path}.{issue.path.partition('.')[2]}".rstrip(".")) for issue in failure.issues
    )
    return Fault(failure.category, *issues)


def _not_here(tombstone: Stored | None) -> Fault:
    if tombstone is None:
        return fault(Category.NOT_FOUND, "not-found", "there is no such resource here to patch")
    return fault(Category.GONE, "deleted", "this resource has been deleted; PUT brings it back")
