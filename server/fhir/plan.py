"""From what was asked to what will be written, without writing anything.

A single write is a plan of one; a transaction is a plan of many (R4 http.html#transaction). The plan
reads the shelf as it is now; the store checks at commit that nothing it relied on has changed, and if
it has, the plan is made anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

from server.accesses import Access
from server.errors import Category, Fault, fault
from server.fhir import rules
from server.fhir.abort import is_abort, stopped_by
from server.fhir.admission import Admission, asks_alike, is_completed_read, is_final_given
from server.fhir.asked import Answered, Asked
from server.fhir.asked_again import demand_same_patient
from server.fhir.bundle_names import resolve, resolve_searched
from server.fhir.completion import demand_report
from server.fhir.conditional import condition, matching
from server.fhir.doubles import demand_named_once, doubled, matched_twice, written_twice
from server.fhir.final_answer import demand_final
from server.fhir.parse import own
from server.fhir.pending import Pending
from server.fhir.place import Place, Placer, asked_already, check_version, taken, within
from server.fhir.query.asker import Asker
from server.fhir.query.meeting import Unwritten, meets
from server.fhir.references import demand_present, pointers, relativise, targets
from server.fhir.removal import demand_removable
from server.fhir.repeats import placer_query
from server.fhir.requesting import demand_concerned
from server.fhir.rows.extraction import rows
from server.fhir.stamp import stamped, tombstone
from server.fhir.subscriptions.enrolment import Enrolment
from server.fhir.upon_result import is_upon_result, told_upon
from server.fhir.veil import demand_kept
from server.notices import Subscribing
from server.ports import (
    Absent,
    Arrival,
    Intake,
    Method,
    Opening,
    Resource,
    ResourceWrite,
    Seals,
    Shelf,
    Stored,
)
from server.query import Test


@dataclass(slots=True)
class Plan:
    """Everything that will be written, in order."""

    writes: list[ResourceWrite] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    stopping: list[str] = field(default_factory=list)
    """Ids of Tasks that are asked to stop."""
    upon: list[tuple[str, str]] = field(default_factory=list)
    """Ids of a Task that says something on a result, and of the Task whose result it is."""
    subscribings: list[Subscribing] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)

    def intake(self, arrival: Arrival, accesses: tuple[Access, ...] = ()) -> Intake:
        """All of it, with the bytes that it came in, and with who wrote it."""
        return Intake(
            arrival,
            tuple(self.writes),
            tuple(self.absent),
            tuple(self.openings),
            tuple(self.stopping),
            tuple(self.subscribings),
            accesses,
            upon=tuple(self.upon),
        )


_Work = list[tuple[Asked, Place]]
_Freed = Mapping[str, Mapping[str, int]]


class _AskedAlready(Exception):
    """An entry asks what an open case asks: its answer is the Task of that case."""

    def __init__(self, entry: int, task: Stored) -> None:
        super().__init__(entry)
        self.entry = entry
        self.task = task


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans against the shelf under the rules of this server."""

    shelf: Shelf
    seals: Seals
    admission: Admission
    base: str
    enrolment: Enrolment
    visible: Callable[[str], Test | None]  # what a conditional reference may lead through, as a search

    def plan(self, asked: Sequence[Asked], at: datetime) -> Plan:
        """Raises:
        Fault: with the reasons of the first entry that cannot be.
        """
        demand_named_once(asked)
        known: dict[int, Place] = {}
        while True:
            try:
                return self._plan(_unspoilt(asked), at, known)
            except _AskedAlready as again:
                known[again.entry] = Place(again.task.id, kept=again.task, idle=True)

    def _plan(self, asked: Sequence[Asked], at: datetime, known: Mapping[int, Place]) -> Plan:
        places = Placer(self.shelf, self.seals, self.base).all(asked)
        work = [
            (each, known.get(n, place)) for n, (each, place) in enumerate(zip(asked, places, strict=True))
        ]
        writing = [(each, place) for each, place in work if not place.idle]
        if (double := written_twice([(each.type, place.id) for each, place in writing])) is not None:
            raise doubled(writing[double][0])
        demand_same_patient(work, self.shelf)
        pending = self._pending(work, writing, at)
        made, freed = Plan(), _freed(writing)
        for each, place in work:
            if place.idle:
                made.answers.append(Answered(204 if each.method == "DELETE" else 200, place.kept, kept=True))
            elif each.method == "DELETE":
                self._delete(each, place, freed, made, at)
            else:
                self._write(each, place, pending, made, at)
        if (double := matched_twice(made.writes, made.absent)) is not None:
            raise doubled(writing[double][0])
        return made

    def _pending(self, work: _Work, writing: _Work, at: datetime) -> Pending:
        """The shelf after all of it, with every name within the request resolved."""
        names = {
            each.full_url: f"{each.type}/{place.id}"
            for each, place in work
            if each.full_url and each.method != "DELETE"
        }
        pending = Pending(self.shelf)
        for each, place in writing:
            if each.method == "DELETE":
                pending.remove(each.type, place.id)
                continue
            each.references = pointers(each.resource)
            relativise(each.references, self.base)
            if names or any(ref["reference"].startswith("urn:") for ref in each.references):
                try:
                    resolve(each.resource, names, each.full_url)
                except Fault as failure:
                    raise within(failure, each.path) from failure
            pending.add(each.type, place.id, each.resource)
        for each, _ in writing:
            if each.path and each.method != "DELETE":
                self._resolve_searched(each, pending, at)
        return pending

    def _resolve_searched(self, asked: Asked, pending: Pending, at: datetime) -> None:
        asker = Asker(self.base, at, self.visible)

        def find(type_: str, query: str, path: str) -> str:
            wanted = condition(type_, query, asker)
            changed = dict(pending.changes(type_))
            stored = [each.id for each in matching(self.shelf, wanted, changed)]
            unwritten = (Unwritten(id_, rows({**new, "id": id_}), at) for id_, new in changed.items() if new)
            new = [each.id for each in unwritten if meets(each, wanted.where)]
            if len(found := stored + new) != 1:
                code = "multiple-matches" if found else "not-found"
                text = "a conditional reference must match one resource; it matches none or several"
                raise fault(Category.STALE, code, text, path)
            return f"{type_}/{found[0]}"

        try:
            resolve_searched(asked.resource, find)
        except Fault as failure:
            raise within(failure, asked.path) from failure

    def _demand_new_order(self, asked: Asked) -> None:
        """An order whose id the sender chose, or whose criteria it did, is as new as its identifier."""
        if found := self.shelf.find(placer_query(asked.resource), 1):
            raise taken(found[0], asked.path)

    def _write(self, asked: Asked, place: Place, pending: Pending, made: Plan, at: datetime) -> None:
        resource, current, newest = asked.resource, place.current, place.newest
        try:
            rules.on_any(resource, at)
            check_version(asked, current)
            self._follow(place, {**resource, "id": place.id})
            demand_present(resource, asked.references, pending.holds)
            if current is not None and is_completed_read(resource):
                demand_report(resource, pending.look)
            if current is not None and is_final_given(resource):
                demand_final(resource, pending.look, self.admission.card(resource), at)
            if resource["resourceType"] == "Subscription":
                before = None if current is None else own(current.body)
                resource, wish = self.enrolment.weigh(resource, before, at, place.id)
                made.subscribings.append(wish)
            version = 1 if newest is None else newest.version + 1
            # A request that waited for its turn must not look older than what it follows.
            moment = at if newest is None else max(at, newest.updated_at)
            method = Method(asked.method)
            write = stamped(resource, place.id, version, moment, method, references=asked.references)
            if resource["resourceType"] == "Task" and current is None:
                if asked.id is not None or asked.wanted is not None:
                    self._demand_new_order(asked)
                self._order(asked, {**resource, "id": place.id}, pending, made, at)
                made.absent.append(Absent(placer_query(resource)))
        except Fault as failure:
            raise within(failure, asked.path) from failure
        if current is None and asked.wanted is not None:
            made.absent.append(Absent(asked.wanted))
        _add(made, write, 201 if current is None else 200)

    def _order(self, asked: Asked, task: Resource, pending: Pending, made: Plan, at: datetime) -> None:
        """A new Task opens a case, or asks to stop one; one question about a report has one open case."""
        if is_abort(task):
            made.stopping.append(stopped_by(task, pending.look))
            return
        if is_upon_result(task):
            made.upon.append((task["id"], told_upon(task, pending.look, at)))
            return
        opening = self.admission.opening(task, pending.look)
        demand_concerned(task, opening.report, pending.look, self.shelf)
        subject = (opening.report, opening.question)
        if any((each.report, each.question) == subject for each in made.openings):
            raise doubled(asked)
        if (id_ := self.shelf.asking(*subject)) is not None:
            found = self.shelf.read("Task", id_)
            otherwise = found is None or not asks_alike(own(found.body), task)
            if found is None or otherwise or asked.method != "POST":
                raise asked_already(found)
            raise _AskedAlready(len(made.answers), found)  # as many as there are entries before this one
        made.openings.append(opening)

    def _follow(self, place: Place, resource: Resource) -> None:
        """The rules for what comes after what is here, or was before it was deleted."""
        newest = place.newest
        if newest is None:
            return
        if not newest.deleted:
            demand_kept(self.seals, newest, resource)
            rules.on_update(own(newest.body), resource)
            return
        if newest.type == "Task":
            text = "this Task has been deleted, and its case is on record under its id; POST a new one"
            raise fault(Category.CONFLICT, "deleted", text, "Task.id")
        last = self.shelf.read(newest.type, newest.id, newest.version - 1)
        if last is not None:
            rules.on_return(own(last.body), resource)

    def _delete(self, asked: Asked, place: Place, freed: _Freed, made: Plan, at: datetime) -> None:
        current = place.current
        if current is None:
            raise TypeError("only what is here is deleted")
        try:
            check_version(asked, current)
            demand_removable(self.shelf, current, freed.get(f"{current.type}/{current.id}", {}))
            demand_kept(self.seals, current, None)
        except Fault as failure:
            raise within(failure, asked.path) from failure
        _add(made, tombstone(current, max(at, current.updated_at)), 204)


def _add(made: Plan, write: ResourceWrite, status: int) -> None:
    made.writes.append(write)
    stored = Stored(write.type, write.id, write.version, write.updated_at, write.body, write.method)
    made.answers.append(Answered(status, stored))


def _freed(writing: _Work) -> _Freed:
    """For each target, how many of each type that refer to it now are written anew or deleted too.

    If they still refer to it afterwards, that is found where their own references are looked at.
    """
    freed: dict[str, Counter[str]] = defaultdict(Counter)
    if any(each.method == "DELETE" for each, _ in writing):
        for each, place in writing:
            if place.current is not None:
                itself = f"{each.type}/{place.id}"
                for target in targets(pointers(own(place.current.body))):
                    freed[target][each.type] += target != itself
    return freed


def _unspoilt(asked: Sequence[Asked]) -> Sequence[Asked]:
    """A lost race makes the plan anew, with other ids and patches: what was sent must still be there."""
    if any(each.path or each.full_url for each in asked):
        return [replace(each, resource=deepcopy(each.resource)) for each in asked]
    return [replace(each) for each in asked]
