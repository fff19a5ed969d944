"""ACCEPTED: the specialist signs, gives the case back, or stays silent; what is of no use goes back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from server.arbitration import answer_of
from server.case import Event
from server.errors import Fault
from server.fhir.completion import demand_report, named_report
from server.fhir.opinions import conclusion, signed_at
from server.fhir.parse import parse
from server.fhir.pens.correspondence import Standing
from server.fhir.pens.referral_task import standing_of
from server.fhir.task_states import ended
from server.fhir.terms import Business, Reason
from server.model import Coding, Offer, OfferEnd, Referral, ResourceKey, SpecialistRead
from server.ports import Progress, Resource
from server.steps.casefile import CaseFile, Moved, Wait, held
from server.steps.letters import to_a_person
from server.steps.referring import referred
from server.steps.tasks import moved_task, reopened_task

_DONE = Standing("completed")


def await_report(file: CaseFile) -> Progress | Wait:
    """The next state by what the specialist's Task says."""
    referral = file.needed("referral", Referral)
    made = referral.offers[-1]
    task = file.resource(f"Task/{made.task}")
    due = made.answer_by or referral.deadline
    if task["status"] == "completed" or (_sent_back(task) and _completes(file, task)):
        read = specialist_read(file, task, made)
        if read.answer is not None:
            return _signed(file, referral, task, read)
        if due > file.now and task["status"] == "completed":
            return _back(file, made, task, read)
    if task["status"] == "failed":
        return over(file, referral, OfferEnd.DECLINED, Event.OFFER_DECLINED)
    if due > file.now:
        return Wait(due)
    looked_at = file.tools.files.facts(file.case.id, "unusable", int)
    if made.number not in looked_at and (task["status"] == "completed" or _sent_back(task)):
        return _to_a_person(file, made)
    return over(file, referral, OfferEnd.UNANSWERED, Event.ANSWER_OVERDUE)


def over(file: CaseFile, referral: Referral, end: OfferEnd, event: Event) -> Progress:
    """The offer is over; the next one follows at once."""
    made = replace(referral.offers[-1], ended=end, ended_at=file.now)
    by_rule = end in (OfferEnd.EXPIRED, OfferEnd.UNANSWERED)
    move = Moved(file).note(event, actor="second-reader" if by_rule else made.role, of=made.role)
    referred(move, changed(referral, made))
    if by_rule and not ended(file.resource(f"Task/{made.task}")["status"]):
        move.write(moved_task(file, f"Task/{made.task}", standing_of(made)))
    return move.at_once()


def changed(referral: Referral, latest: Offer) -> Referral:
    """The referral with its latest offer as it stands now."""
    return replace(referral, offers=(*referral.offers[:-1], latest))


def _signed(file: CaseFile, referral: Referral, task: Resource, read: SpecialistRead) -> Progress:
    made = replace(referral.offers[-1], ended=OfferEnd.READ, ended_at=file.now)
    move = referred(Moved(file).lay_down("specialist-read", read), changed(referral, made))
    if _sent_back(task):
        move.write(moved_task(file, f"Task/{made.task}", _DONE))
    move.note(
        Event.SPECIALIST_SIGNED,
        actor=made.role,
        sealed=True,
        report=read.report.versioned,
        digest=read.digest,
        answer=read.answer,
    )
    return move.at_once()


def _back(file: CaseFile, made: Offer, task: Resource, read: SpecialistRead) -> Progress:
    """Still ACCEPTED, with the time that is left: the specialist alone can say what they meant."""
    card = file.read_card
    text = (
        "The report's conclusionCode says neither present nor absent, or both; once it is corrected, the "
        "case goes on. "
        f"Accepted for present: {_listed(card.present_codes)}; for absent: {_listed(card.absent_codes)}."
    )
    standing = Standing("in-progress", Business.REPORT_NOT_USABLE, text, Reason.NO_USABLE_CODE)
    move = Moved(file).note(Event.ANSWER_NOT_USABLE, of=made.role, report=read.report.versioned)
    move.write(reopened_task(file, f"Task/{task['id']}", standing))
    return move.at_once()


def _to_a_person(file: CaseFile, made: Offer) -> Progress:
    """HELD, once for each offer: a person who resumes the case has the next specialist asked."""
    text = "the specialist's report carries no code that stands for present or absent, and no time is left"
    move = held(file, text, of=made.role).lay_down("unusable", made.number)
    return to_a_person(move, "A person looks at the specialist's report.")


def _listed(codes: Iterable[Coding]) -> str:
    return ", ".join(f"{each.system}|{each.code}" for each in codes)


def _sent_back(task: Resource) -> bool:
    coded = task.get("businessStatus", {}).get("coding", [])
    return any(each.get("code") == Business.REPORT_NOT_USABLE for each in coded)


def _completes(file: CaseFile, task: Resource) -> bool:
    """Whether the report that the Task names, as it stands now, could complete it at the door."""

    def look(type_: str, id_: str) -> Resource | None:
        stored = file.tools.shelf.read(type_, id_)
        return None if stored is None else parse(stored.body)

    if task["status"] != "in-progress":
        return False
    try:
        demand_report(task, look)
    except Fault:
        return False
    return True


def specialist_read(file: CaseFile, task: Resource, made: Offer) -> SpecialistRead:
    """What the report says that a specialist's Task names, in the version that stands now."""
    stored = file.stored(named_report(task))
    report = parse(stored.body)
    codes = conclusion(report)
    return SpecialistRead(
        report=ResourceKey(stored.type, stored.id, stored.version),
        digest=hashlib.sha256(stored.body).hexdigest(),
        signed_at=signed_at(report, stored),
        role=made.role,
        answer=answer_of(codes, file.read_card),
        codes=codes,
    )
