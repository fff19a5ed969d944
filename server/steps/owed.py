"""What whoever has asked for an assessment is owed, and until when (second-reading S5.2).

Acknowledged at once, with the date of the opinion in the Task; what is late is told each day to the patient,
the coordinator and the medical director: that it is late, and never why. Nothing ends by these dates.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from server.case import Event, State, is_told
from server.fhir.assessing import is_assessment
from server.fhir.parse import parse
from server.fhir.pens.bundle import status_bundle
from server.fhir.pens.correspondence import Standing
from server.fhir.pens.message import Message
from server.fhir.stamp import stamped
from server.fhir.task_states import ended
from server.fhir.terms import ASSESSMENT_LATE
from server.model import Owed, Term, ToldLate
from server.ports import Fact, Progress, ResourceWrite
from server.routing.deadlines import passed
from server.steps.casefile import REMINDER, CaseFile, Moved, Wait
from server.steps.letters import letter, letter_out
from server.steps.messages import told_of
from server.steps.tasks import moved_task
from server.times import instant

_UNSEEN = ("requested", "received")
_LEAST = timedelta(seconds=1)
_LOOKED = (Event.FOUND_COMPLETE, Event.FOUND_INCOMPLETE)
_SAID = {
    Term.ACKNOWLEDGEMENT: "The independent assessment that was asked for should have been acknowledged",
    Term.RECORDS: (
        "For the independent assessment that was asked for it should have been said whether the record is "
        "complete"
    ),
    Term.ANSWER: "The independent assessment that was asked for should have been answered",
}
_PROMISE = "It is not forgotten: it goes on, and this is told each day until it is done."


def is_owed(file: CaseFile) -> bool:
    """Whether it is an assessment that nobody has answered and that has not ended."""
    position = file.case.position
    over = position.ended or is_told(position) or position.state is State.UNRESOLVED
    return not over and is_assessment(file.task)


def owed(file: CaseFile) -> Progress | None:
    """The move that a date brings: acknowledged with the dates, or told that one has passed."""
    terms = file.latest("owed", Owed)
    if terms is None and file.case.position.state is State.RECEIVED and passed(file.case.due_by, file.now):
        return None  # it is refused: its own date leaves nothing that could be owed
    if terms is None:
        return _acknowledged(file)
    term, at = _next(file, terms)
    return _breach(Moved(file), terms, term).at_once() if at <= file.now else None


def in_time(file: CaseFile, outcome: Progress | Wait) -> Progress | Wait:
    """What a step has come to, looked at again no later than something is owed."""
    if isinstance(outcome, Progress):
        return on_time(file, outcome)
    terms = file.latest("owed", Owed)
    return outcome if terms is None else Wait(_earlier(outcome.until, _next(file, terms)[1]))


def on_time(file: CaseFile, progress: Progress) -> Progress:
    """The same of a finished step; one that has judged the record says that it was judged."""
    terms, position = file.latest("owed", Owed), progress.position
    if terms is None or position.ended or is_told(position):
        return progress
    looked = any(each.event in _LOOKED for each in progress.entries) and not _looked_at(file)
    facts = (*progress.facts, Fact("record-judged", 1, file.now)) if looked else progress.facts
    at = max(terms.answer_by, file.now + _LEAST) if looked else _next(file, terms)[1]
    return replace(progress, facts=facts, due_at=_earlier(progress.due_at, at))


def _acknowledged(file: CaseFile) -> Progress:
    """The dates are laid down, and stand in the Task, here and there; this is the acknowledgement."""
    terms = _terms(file)
    move = Moved(file).lay_down("owed", terms)
    if not ended(file.task["status"]):
        writes = _dated(file, terms)
        move.write(writes)
        after = replace(letter_out(file), posted=parse(writes[-1].body))
        standing = Standing(after.posted["status"])
        if file.task["status"] in _UNSEEN:
            move.send(letter("status", file, status_bundle(after, standing, file.referral)))
    if terms.acknowledge_by < file.now:
        _breach(move, terms, Term.ACKNOWLEDGEMENT)
    return move.at_once()


def _terms(file: CaseFile) -> Owed:
    """From the moment that the Task came; no later than the requester's own date."""
    rules, came, due = file.policy.assessment, file.case.opened_at, file.case.due_by
    routine = file.task.get("priority", "routine") == "routine"
    answer = came + (rules.answer_within if routine else rules.answer_within_urgent)
    answer = answer if due is None else min(answer, due)
    return Owed(came + rules.acknowledge_within, min(came + rules.records_within, answer), answer)


def _dated(file: CaseFile, terms: Owed) -> list[ResourceWrite]:
    """The Task accepted, with the date of the opinion as its limit."""
    key = f"Task/{file.case.task_id}"
    writes = moved_task(file, key, Standing("accepted")) if file.task["status"] in _UNSEEN else []
    stored = file.stored(key)
    body, version = (writes[-1].body, writes[-1].version) if writes else (stored.body, stored.version + 1)
    task = parse(body)
    given = task.get("restriction", {})
    task["restriction"] = {**given, "period": {**given.get("period", {}), "end": instant(terms.answer_by)}}
    return [*writes[:-1], stamped(task, stored.id, version, file.now)]


def _next(file: CaseFile, terms: Owed) -> tuple[Term, datetime]:
    """What is told of next, and when: once the answer is late, that alone."""
    term = Term.ANSWER if _looked_at(file) or terms.answer_by <= file.now else Term.RECORDS
    told = [each for each in file.tools.files.facts(file.case.id, "late", ToldLate) if each.term is term]
    return term, told[-1].again if told else _by(terms, term)


def _looked_at(file: CaseFile) -> bool:
    """Whether it has been said once that the record is complete, or what is missing."""
    position = file.case.position
    elsewhere = (position.before or position.state) is not State.RECEIVED
    return elsewhere or file.latest("record-judged", datetime) is not None


def _breach(move: Moved, terms: Owed, term: Term) -> Moved:
    file = move.file
    by = _by(terms, term)
    move.note(Event.ASSESSMENT_OVERDUE, policy=True, owed=term, since=by)
    told = [each for each in file.tools.files.facts(file.case.id, "late", ToldLate) if each.term is term]
    text = f"{_SAID[term]} until {instant(by)}. {_PROMISE}"
    number = len(told) + 1
    message = Message(f"assessment/{term}/{number}", ASSESSMENT_LATE, "stat", text, _whom(file))
    return told_of(move, message).lay_down("late", ToldLate(term, file.now + REMINDER))


def _by(terms: Owed, term: Term) -> datetime:
    if term is Term.ACKNOWLEDGEMENT:
        return terms.acknowledge_by
    return terms.records_by if term is Term.RECORDS else terms.answer_by


def _whom(file: CaseFile) -> list[tuple[str, str]]:
    """The patient, whoever hands work out, and who answers that it is done in time (S5.2)."""
    reading = file.policy.reading
    desk = "coordinator" if reading is None else reading.coordinator
    return [(file.case.patient, "the patient"), ("", desk), ("", "medical director")]


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
