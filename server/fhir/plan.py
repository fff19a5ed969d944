"""From what was asked to what will be written, without writing anything.

A single create or update is a plan of one; a transaction is a plan of many (R4
http.html#transaction). The plan reads the shelf as it is now; the store checks at commit that
nothing it relied on has changed, and if it has, the plan is made anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from server.errors import Category, Fault, fault
from server.fhir import rules
from server.fhir.admission import Admission, is_completed_read
from server.fhir.completion import demand_report
from server.fhir.doubles import matched_twice, written_twice
from server.fhir.parse import own
from server.fhir.references import demand_present, pointers, relativise, resolve
from server.fhir.repeats import placer_criteria, same_request
from server.fhir.stamp import stamped
from server.ports import Absent, Criterion, Opening, Resource, ResourceWrite, Shelf, Stored


@dataclass(slots=True)
class Asked:
    """One write as the client asked for it; POST without an id, PUT with one or with criteria."""

    method: str
    type: str
    resource: Resource
    id: str | None = None
    criteria: tuple[Criterion, ...] = ()
    if_match: int | None = None
    only_new: bool = False
    """``If-None-Match: *``: refuse when it is here already (RFC 9110 section 13.1.2)."""
    full_url: str = ""
    path: str = ""
    """Where in a Bundle; empty for a single resource."""
    references: list[dict[str, Any]] = field(default_factory=list)
    """Each Reference in the resource; the plan looks for them once."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one ``Asked``."""

    status: int
    stored: Stored


@dataclass(slots=True)
class Plan:
    """Everything that will be written, in order."""

    writes: list[ResourceWrite] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans against the shelf under the rules of this server."""

    shelf: Shelf
    admission: Admission
    base: str

    def plan(self, asked: Sequence[Asked], at: datetime) -> Plan:
        """Raises:
        Fault: with the reasons of the first entry that cannot be.
        """
        _no_identity_twice(asked)
        asked = _unspoilt(asked)
        placed = [self._place(each) for each in asked]
        names = {
            each.full_url: f"{each.type}/{place.id}"
            for each, place in zip(asked, placed, strict=True)
            if each.full_url
        }
        pending = _Pending(self.shelf)
        made = Plan()
        writing = [(each, place) for each, place in zip(asked, placed, strict=True) if place.kept is None]
        if (double := written_twice([(each.type, place.id) for each, place in writing])) is not None:
            raise _doubled(writing[double][0])
        for each, place in writing:
            each.references = pointers(each.resource)
            relativise(each.references, self.base)
            resolve(each.resource, each.references, names)
            pending.add(each.type, place.id, each.resource)
        for each, place in zip(asked, placed, strict=True):
            if place.kept is not None:
                made.answers.append(Answered(200, place.kept))
            else:
                self._write(each, place, pending, made, at)
        if (double := matched_twice(made.writes, made.absent)) is not None:
            raise _doubled(writing[double][0])
        return made

    def _place(self, asked: Asked) -> _Place:
        """Where one entry will stand: an existing resource, a new version of one, or a new one."""
        if asked.id is not None:
            return _Place(asked.id, self.shelf.read(asked.type, asked.id), None)
        if not asked.criteria:
            return self._repeat(asked)
        found = self.shelf.search(asked.type, asked.criteria, 2)
        if len(found) > 1:
            raise fault(
                Category.STALE,
                "multiple-matches",
                "more than one resource matches; give criteria that match one",
                asked.path,
            )
        if asked.method == "POST" and found:
            return _Place(found[0].id, None, found[0])
        if asked.method == "PUT" and "id" in asked.resource:
            return self._named(asked, found)
        return _Place(found[0].id, found[0], None) if found else _Place(str(uuid.uuid4()), None, None)

    def _named(self, asked: Asked, found: Sequence[Stored]) -> _Place:
        """A conditional update that says an id: the one that matches, or a new one (#cond-update)."""
        id_ = asked.resource["id"]
        if found and found[0].id != id_:
            raise fault(
                Category.INCORRECT, "invalid", "the id in the body is not the id of what matches", asked.path
            )
        if not found and self.shelf.read(asked.type, id_) is not None:
            raise fault(
                Category.CONFLICT,
                "duplicate",
                "this id is taken by a resource that does not match",
                asked.path,
            )
        return _Place(id_, found[0] if found else None, None)

    def _repeat(self, asked: Asked) -> _Place:
        """A second-read Task is known by its placer's identifier: sending it again is harmless."""
        if asked.type != "Task":
            return _Place(str(uuid.uuid4()), None, None)
        try:
            criteria = placer_criteria(asked.resource)
        except Fault as failure:
            raise within(failure, asked.path) from failure
        found = self.shelf.search("Task", criteria, 1)
        if not found:
            return _Place(str(uuid.uuid4()), None, None)
        first = self.shelf.read("Task", found[0].id, 1)
        if first is None or not same_request(own(first.body), asked.resource, self.base):
            raise _taken(found[0], asked.path)
        return _Place(found[0].id, None, found[0])

    def _demand_new_order(self, asked: Asked) -> None:
        """An order whose id the sender chose, or whose criteria it did, is as new as its identifier."""
        if found := self.shelf.search("Task", placer_criteria(asked.resource), 1):
            raise _taken(found[0], asked.path)

    def _write(self, asked: Asked, place: _Place, pending: _Pending, made: Plan, at: datetime) -> None:
        resource = asked.resource
        try:
            rules.on_any(resource, at)
            _check_version(asked, place.current)
            if place.current is not None:
                rules.on_update(own(place.current.body), {**resource, "id": place.id})
            demand_present(resource, asked.references, pending.holds)
            if place.current is not None and is_completed_read(resource):
                demand_report(resource, pending.look)
            version = 1 if place.current is None else place.current.version + 1
            write = stamped(resource, place.id, version, at)
            if resource["resourceType"] == "Task" and place.current is None:
                if asked.id is not None or asked.criteria:
                    self._demand_new_order(asked)
                opening = self.admission.opening({**resource, "id": place.id}, pending.look)
                made.openings.append(opening)
                made.absent.append(Absent("Task", placer_criteria(resource)))
        except Fault as failure:
            raise within(failure, asked.path) from failure
        if place.current is None and asked.criteria:
            made.absent.append(Absent(asked.type, asked.criteria))
        made.writes.append(write)
        stored = Stored(write.type, write.id, write.version, write.updated_at, write.body)
        made.answers.append(Answered(201 if version == 1 else 200, stored))


@dataclass(frozen=True, slots=True)
class _Place:
    id: str
    current: Stored | None
    """What a new version would follow."""
    kept: Stored | None
    """Set when nothing is to be written: it is here already."""


class _Pending:
    """The shelf as it would stand after this request."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._new: dict[tuple[str, str], Resource] = {}
        self._seen: dict[tuple[str, str], Stored | None] = {}

    def add(self, type_: str, id_: str, resource: Resource) -> None:
        self._new[type_, id_] = resource

    def holds(self, type_: str, id_: str) -> bool:
        return (type_, id_) in self._new or self._stored(type_, id_) is not None

    def look(self, type_: str, id_: str) -> Resource | None:
        if (type_, id_) in self._new:
            return self._new[type_, id_]
        stored = self._stored(type_, id_)
        return None if stored is None else own(stored.body)

    def _stored(self, type_: str, id_: str) -> Stored | None:
        if (type_, id_) not in self._seen:
            self._seen[type_, id_] = self._shelf.read(type_, id_)
        return self._seen[type_, id_]


def _check_version(asked: Asked, current: Stored | None) -> None:
    if asked.method != "PUT":
        return
    if asked.only_new and current is not None:
        raise fault(
            Category.STALE, "conflict", "If-None-Match: * asks that it is new, and it is here already"
        )
    if asked.if_match is not None and (current is None or current.version != asked.if_match):
        now = "it is not here" if current is None else f'the current one is W/"{current.version}"'
        raise fault(Category.STALE, "conflict", f"If-Match names a version that is not current; {now}")
    if asked.if_match is None and current is not None and asked.type in rules.VERSION_AWARE:
        raise fault(
            Category.STALE, "conflict", f'updating a {asked.type} needs If-Match: W/"version"; read it first'
        )


def _no_identity_twice(asked: Sequence[Asked]) -> None:
    seen: set[tuple[str, Any]] = set()
    for each in asked:
        key = each.id or each.criteria
        if key and (each.type, key) in seen:
            raise _doubled(each)
        seen.add((each.type, key))


def _unspoilt(asked: Sequence[Asked]) -> Sequence[Asked]:
    """A lost race makes the plan anew, with other ids: bundle-local names must still be there to resolve."""
    if any(each.full_url for each in asked):
        return [replace(each, resource=deepcopy(each.resource)) for each in asked]
    return asked


def _doubled(asked: Asked) -> Fault:
    text = "two entries of this transaction mean the same resource"
    return fault(Category.INCORRECT, "duplicate", text, asked.path)


def _taken(task: Stored, path: str) -> Fault:
    text = f"Task/{task.id} has this identifier; a new request needs a new one, a repeat the same content"
    return fault(Category.CONFLICT, "duplicate", text, path or "Task.identifier")


def within(failure: Fault, path: str) -> Fault:
    """The same refusal, told of an entry of a Bundle: ``Task.code`` is ``Bundle.entry[3].resource.code``."""
    if not path:
        return failure
    issues = (
        replace(issue, path=f"{path}.{issue.path.partition('.')[2]}".rstrip(".")) for issue in failure.issues
    )
    return Fault(failure.category, *issues)
