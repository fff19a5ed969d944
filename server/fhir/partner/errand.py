"""One Task of a partner: claimed, what it refers to fetched, both taken in; or refused on the Task, in words.

The order is what makes it safe to die anywhere: received (ours alone, If-Match), then everything is
fetched and ruled in a rehearsal, then accepted, then the intake, durable. What was interrupted stands
at received or accepted there and is not here: the next look carries it on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from server.errors import Category, Fault, fault
from server.fhir.admission import asked_question
from server.fhir.bundle import bundle
from server.fhir.desk import Desk
from server.fhir.exchange import JSON, Request, Response
from server.fhir.line import Line, Question
from server.fhir.parse import own, parse
from server.fhir.partner import asking
from server.fhir.partner.gathering import Gathering
from server.fhir.partner.parcel import Parcel, parcel
from server.fhir.partner.standing import moved, refused
from server.fhir.repeats import placer_query
from server.fhir.task_states import ended
from server.fhir.times import moment
from server.fhir.update import update
from server.fhir.validate import check
from server.fhir.write import dump
from server.model import Coding
from server.ports import Intake, Resource, Stored, Undelivered


class Came(StrEnum):
    """What came of one Task."""

    TAKEN = "taken"
    REFUSED = "refused"
    LOST = "lost"
    """Somebody else has it, or its placer has changed it under our hands."""
    REFRESHED = "refreshed"
    """New evidence for an open case."""
    WITHDRAWN = "withdrawn"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Errand:
    """All that one Task needs."""

    line: Line
    base: str
    desk: Desk
    codes: Mapping[str, Sequence[Coding]]
    """Question -> what its input contract reads."""
    now: Callable[[], datetime]

    def run(self, task: Resource) -> Came:
        """Raises Undelivered for what passes: the Task is looked at again."""
        try:
            check(parse(dump(task)), "Task")
            known = self.desk.shelf.find(placer_query(task), 1)
        except Fault as failure:
            given_up = task["status"] in asking.GIVEN_UP
            return Came.NOTHING if given_up else self._refuse(_versioned(task), failure, Parcel({}, []))
        match task["status"]:
            case "cancelled" | "entered-in-error":
                return self._withdraw(known[0]) if known else Came.NOTHING
            case "on-hold":
                return self._refresh(task) if known else Came.NOTHING
            case "received" | "accepted":
                return Came.NOTHING if known else self._take(_versioned(task), new=True)
        claimed = self._put(task, moved(_versioned(task), "received"), "received")
        return Came.LOST if claimed is None else self._take(claimed, new=not known)

    def _take(self, task: Resource, *, new: bool) -> Came:
        made = Parcel({}, [])
        try:
            self._demand_time_left(task)
            made = parcel(self.desk.shelf, self.base, self._fetched(task), task)
            answer = self._through_the_door(replace(self.desk, intakes=_Rehearsal()), made.bundle)
            if new:
                _demand_its_own_case(answer)
        except Fault as failure:
            return self._refuse(task, failure, made)
        if task["status"] == "received":
            accepted = self._put(task, moved(task, "accepted"), "accepted")
            if accepted is None:
                return Came.LOST
            task = accepted
        try:
            self._through_the_door(self.desk, made.bundle)
        except Fault as failure:
            return self._refuse(task, failure, made)
        return Came.TAKEN

    def _refresh(self, task: Resource) -> Came:
        """What an open case waits for may be there now."""
        try:
            made = parcel(self.desk.shelf, self.base, self._fetched(task), None)
            if not made.entries:
                return Came.NOTHING
            self._through_the_door(self.desk, made.bundle)
        except Fault as failure:
            raise _passing(failure) from failure
        return Came.REFRESHED

    def _withdraw(self, ours: Stored) -> Came:
        """As if the placer had cancelled it at our door; too late, once work has begun (COW)."""
        task = own(ours.body)
        if ended(task["status"]):
            return Came.NOTHING
        headers = {"content-type": JSON, "if-match": f'W/"{ours.version}"'}
        body = dump({**task, "status": "cancelled"})
        try:
            update(self.desk, self._request("PUT", body, headers), "Task", ours.id)
        except Fault as failure:
            if failure.category is not Category.UNPROCESSABLE:
                raise _passing(failure) from failure
            return Came.NOTHING
        return Came.WITHDRAWN

    def _fetched(self, task: Resource) -> dict[str, Resource]:
        codes = self.codes.get(asked_question(task), ())
        return Gathering(self.line.ask, self.base).all_of(task, codes)

    def _refuse(self, task: Resource, failure: Fault, made: Parcel) -> Came:
        """Raises Undelivered for what is no fault of the Task: our own trouble, or somebody was faster."""
        if failure.category.ours or failure.category is Category.STALE:
            raise _passing(failure) from failure
        question = refused(task, failure, made.entries)
        return Came.LOST if self._put(task, question) is None else Came.REFUSED

    def _put(self, task: Resource, question: Question, status: str = "") -> Resource | None:
        """The Task as it stands afterwards; None when somebody else was faster. Raises Undelivered."""
        answer = self.line.ask(question)
        if answer.status == 412:
            return None
        if not 200 <= answer.status < 300:
            raise asking.refused(answer)
        again = asking.resource(self.line.ask(Question("GET", question.path, {})), f"Task/{task['id']}")
        return None if status and again.get("status") != status else _versioned(again)

    def _through_the_door(self, desk: Desk, whole: Resource) -> Response:
        """The same transaction, the same rules, the same durability as over HTTP."""
        request = self._request("POST", dump(whole), {"content-type": JSON})
        return bundle(desk, request, ask=_nothing_is_read)

    def _request(self, method: str, body: bytes, headers: Mapping[str, str]) -> Request:
        return Request(method, "/", "", headers, body, self.now(), door="poll")

    def _demand_time_left(self, task: Resource) -> None:
        due = moment(str(task.get("restriction", {}).get("period", {}).get("end", "")))
        if due is not None and due <= self.now():
            text = "the requested date had passed before any work was done"
            raise fault(Category.UNPROCESSABLE, "business-rule", text, "Task.restriction.period.end")


class _Rehearsal:
    """Everything is planned and ruled as for a real intake, and nothing is written."""

    def take(self, intake: Intake) -> None:
        del intake


def _demand_its_own_case(answer: Response) -> None:
    """At our door who asks the same again is given the Task that is open; here that one stands elsewhere."""
    told = own(answer.body)["entry"][-1]["response"]
    if not told["status"].startswith("201"):
        text = "another Task asks the same question about the same report and is open; the answer comes there"
        raise fault(Category.CONFLICT, "duplicate", text, "Task")


def _passing(failure: Fault) -> Undelivered:
    if isinstance(failure, Undelivered):
        return failure
    return Undelivered(Category.UNAVAILABLE, failure.issues[0].code, str(failure))


def _versioned(task: Resource) -> Resource:
    if not isinstance(task.get("meta", {}).get("versionId"), str):
        raise asking.unusable("names no version of the Task, so that it cannot be claimed")
    return task


def _nothing_is_read(request: Request) -> Response:
    del request
    raise fault(Category.NOT_ALLOWED, "not-supported", "nothing is read here")
