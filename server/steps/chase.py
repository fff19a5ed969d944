"""SENT, UNREAD, CONTESTED: a result is with whoever asked, and a person still owes an act.

Of second opinions in one centre 11.4 % were never opened (second-reading S5.5): a result that nobody says to
have read is told of again, more urgently each time, by stored dates, until somebody does.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from server.case import Event, State
from server.errors import Category, fault
from server.fhir.pens.message import Message
from server.fhir.terms import REMINDER as UNREAD_RESULT
from server.model import Chase, FirstRead, ReadingRules
from server.ports import Progress
from server.steps.casefile import CaseFile, Moved, Wait
from server.steps.contest import due_at, next_look, overdue
from server.steps.corrected import noted_late
from server.steps.messages import told_of
from server.steps.said import has_been_read, releases, said

_PRIORITIES = ("urgent", "asap", "stat")
_TEXT = "The result of this second reading was delivered, and nobody has said yet that they have read it."


def to_be_read(file: CaseFile) -> Progress | None:
    """SENT instead of CLOSED, where the policy wants to know that the result was read; None: it does not."""
    rules = file.policy.reading
    if rules is None or file.latest("outcome", str) is None or has_been_read(file):
        return None
    chase = Chase(0, file.now + rules.remind_after, file.now + rules.escalate_after)
    move = Moved(file).note(Event.DELIVERED_TO_READ, policy=True, until=chase.next_at)
    noted_late(move.lay_down("chase", chase))
    return move.progress(next_look(move, _next(chase, State.SENT)))


def await_reading(file: CaseFile) -> Progress | Wait:
    """SENT, UNREAD: read, reminded, escalated; whatever is due."""
    if (heard := said(file)) is not None:
        return heard
    rules, chase, state = _rules(file), file.needed("chase", Chase), file.case.position.state
    if state is State.SENT and chase.escalate_at <= file.now:
        return _escalated(file, rules, chase)
    if chase.next_at <= file.now:
        return _reminded(file, rules, chase)
    late = noted_late(Moved(file))
    until = _next(chase, state)
    return late.progress(next_look(late, until)) if late.entries or late.facts else Wait(until)


def await_decision(file: CaseFile) -> Progress | Wait:
    """CONTESTED: nothing but a person's decision ends it."""
    if (heard := said(file)) is not None:
        return heard
    due = due_at(file)
    if due <= file.now:
        return overdue(file)
    late = noted_late(Moved(file))
    return late.progress(due) if late.entries or late.facts else Wait(due)


def _reminded(file: CaseFile, rules: ReadingRules, chase: Chase) -> Progress:
    state = file.case.position.state
    chase = replace(chase, told=chase.told + 1, next_at=file.now + rules.remind_every)
    move = Moved(file).note(Event.REMINDED, policy=True, number=chase.told, again=chase.next_at)
    to = [("", rules.coordinator)] if state is State.UNREAD else _clinicians(file)
    return _told(move, chase, to).progress(_next(chase, state))


def _escalated(file: CaseFile, rules: ReadingRules, chase: Chase) -> Progress:
    chase = replace(chase, told=chase.told + 1, next_at=file.now + rules.remind_every)
    move = Moved(file).note(Event.ESCALATED, policy=True, to=rules.coordinator, again=chase.next_at)
    return _told(move, chase, [("", rules.coordinator)]).progress(_next(chase, State.UNREAD))


def _told(move: Moved, chase: Chase, to: list[tuple[str, str]]) -> Moved:
    what = f"unread/{releases(move.file)}/{chase.told}"
    priority = _PRIORITIES[min(chase.told, len(_PRIORITIES)) - 1]
    return told_of(move.lay_down("chase", chase), Message(what, UNREAD_RESULT, priority, _TEXT, to))


def _clinicians(file: CaseFile) -> list[tuple[str, str]]:
    """Whoever signed the first report acts upon the result (S6: the physician in charge)."""
    first = file.latest("first-read", FirstRead)
    if first is None:  # ruled out: nobody has signed
        return [("", "Whoever has asked for the reading")]
    words, readers = "The clinician who signed the first report", first.readers
    roles = [each for each in readers if each.startswith("PractitionerRole/")]
    return [(each, words) for each in roles or readers] or [("", words)]


def _next(chase: Chase, state: State) -> datetime:
    return min(chase.next_at, chase.escalate_at) if state is State.SENT else chase.next_at


def _rules(file: CaseFile) -> ReadingRules:
    if file.policy.reading is None:
        raise fault(Category.BROKEN, "exception", "the policy of this case does not chase its result")
    return file.policy.reading
