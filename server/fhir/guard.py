"""What a caller may write, asked before the plan is made and once more when it is.

Before it: whether they may at all. After it: a PUT may turn out to create, a condition to match what they
may not see, a new version to leave the part of a type that is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from server.caller import Deed
from server.errors import Fault
from server.fhir.access import Rights, beyond, outside, unseen
from server.fhir.asked import Asked
from server.fhir.doubling import out_of_sight, within_sight
from server.fhir.parse import own
from server.fhir.place import within
from server.fhir.plan import Plan
from server.fhir.rows.extraction import rows
from server.fhir.seen import WRITING, Seen
from server.fhir.speaking import demand_concerned_by, demand_spoken_for
from server.ports import Absent, Method, Resource, ResourceWrite, Shelf, Stored
from server.query import NEVER, Query

DEEDS = {"POST": Deed.CREATE, "PUT": Deed.UPDATE, "PATCH": Deed.UPDATE, "DELETE": Deed.DELETE}


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands between a caller and the whole shelf."""

    rights: Rights
    shelf: Shelf
    """All that is here, seen or not."""

    @contextmanager
    def planning(self) -> Iterator[Shelf]:
        """What a plan of this caller's may rest on, standing still."""
        with self.shelf.snapshot() as shelf:
            yield shelf if self.rights.unbounded else Seen(shelf, self.rights, WRITING)

    def demand(self, asked: Sequence[Asked]) -> None:
        """Each entry on its own; a condition is a search.

        Raises:
            Fault: FORBIDDEN, of the first that may not be.
        """
        for each in asked:
            try:
                self.rights.demand(each.type, DEEDS[each.method])
                if each.wanted is not None:
                    self.rights.demand(each.type, Deed.SEARCH)
                    self.rights.demand_ways(each.wanted.where)
            except Fault as failure:
                raise within(failure, each.path) from failure

    def demand_allowed(self, plan: Plan) -> None:
        """What must be absent is narrowed to what may be asked of it.

        Raises:
            Fault: FORBIDDEN when a write is none of this caller's, or would double what is unseen.
        """
        if self.rights.unbounded:
            return
        for write in plan.writes:
            self._demand_write(write)
        for id_ in plan.stopping:
            self._demand_spoken_for(self.shelf.read("Task", id_))
        for _, id_ in plan.upon:
            self._demand_concerned(id_)
        plan.absent = [each for absent in plan.absent for each in self._absent(absent.query)]

    def _absent(self, wanted: Query) -> Iterator[Absent]:
        """What must match nothing at commit; outside of what this caller finds only names are asked for."""
        sees = self.rights.finding(wanted.type)
        if not sees:
            yield Absent(wanted)
            return
        yield Absent(within_sight(wanted, sees))
        if (hidden := out_of_sight(wanted, sees)) is not None:
            if self.shelf.find(hidden, 1):
                raise unseen(wanted.type)
            yield Absent(hidden)

    def _demand_write(self, write: ResourceWrite) -> None:
        before = self.shelf.read(write.type, write.id)
        gone = write.method is Method.DELETE
        deed = Deed.DELETE if gone else Deed.UPDATE
        if write.version == 1 or before is None:  # new, or brought back
            deed = Deed.CREATE
        if self.rights.sees(write.type, deed) == NEVER:
            raise beyond(write.type, deed, self.rights.caller)
        if write.version == 1 and self.shelf.newest(write.type, write.id) is not None:
            raise unseen(write.type)
        held = [] if before is None else [rows(own(before.body))]
        written = [] if gone else [write.index]
        if not all(self.rights.covers((deed,), write.type, write.id, each) for each in (*held, *written)):
            raise outside(write.type, deed)
        if write.type == "Task":
            self._demand_spoken_for(before)
            if not gone:
                demand_spoken_for(self.rights.caller, own(write.body))

    def _demand_spoken_for(self, task: Stored | None) -> None:
        if task is not None:
            demand_spoken_for(self.rights.caller, own(task.body))

    def _demand_concerned(self, id_: str) -> None:
        """Who says something upon a result speaks for whom it was made for or is about, or its signer."""
        task = self.shelf.read("Task", id_)
        if task is not None:
            demand_concerned_by(self.rights.caller, own(task.body), self._look)

    def _look(self, type_: str, id_: str) -> Resource | None:
        found = self.shelf.read(type_, id_)
        return None if found is None else own(found.body)
