"""BLIND_READ, REVEALED: the specialist's second stage (second-reading S2.4).

What they have answered blind is on record and stays so. They see both opinions, unnamed, in an order drawn by
lot, and finalise; if they do not, their blind answer counts.
"""

from __future__ import annotations

from server.arbitration import FinalEnd, FinalRead, Shown, final_address, has_second_stage
from server.case import Event
from server.fhir.assessing import is_assessment
from server.fhir.final_answer import final_answer
from server.fhir.home import letter_home, settle_references
from server.fhir.pens.correspondence import Standing
from server.fhir.pens.final_task import write_final_task
from server.fhir.stamp import stamped
from server.fhir.terms import Business
from server.model import Answer, Offer, Referral
from server.ports import Progress, Resource
from server.routing.audit import swapped
from server.routing.deadlines import final_by
from server.steps.answer import specialist_read
from server.steps.casefile import CaseFile, Moved, Wait, held
from server.steps.deciding import final_of
from server.steps.letters import to_a_person
from server.steps.refer import clock_of
from server.steps.resolve import resolve
from server.steps.tasks import moved_task

_OVERDUE = Standing("failed", Business.EXPIRED, "No final answer came in time; the blind answer counts.")


def reveal_or_resolve(file: CaseFile) -> Progress:
    """BLIND_READ: both opinions are shown, once for each specialist, or the blind answer is the final one."""
    referral, read = file.referral, file.specialist_read
    if referral is None or referral.offer is None or read is None or final_of(file) is not None:
        return resolve(file)
    opinions = (file.comparison.first, file.ai_read.answer)
    clock = clock_of(file, referral.urgency)
    due = final_by(file.now, file.policy.final_within or clock.answer_within, file.case.due_by)
    if (
        due is None
        or read.answer is None
        or is_assessment(file.task)
        or not has_second_stage(file.policy.reveal, read.answer, file.ai_read.silence)
    ):
        return resolve(file)
    lot = swapped(file.case.id, referral.offer.number, file.tools.audit_key)
    x, y = reversed(opinions) if lot else opinions
    address = final_address(file.tools.audit_key, referral.offer.task)
    localised = file.read_card.film is not None
    shown = Shown(referral.offer.number, address, read.answer, x, y, lot, localised, file.now, due)
    move = Moved(file).note(
        Event.REVEALED, sealed=True, policy=True, to=referral.offer.role, task=f"Task/{address}", due=due,
        first_shown="model" if lot else "first report",
    )  # fmt: skip
    move.lay_down("shown", shown)
    home = letter_home(
        file.case.id, file.case.patient, f"Task/{file.case.task_id}", file.task, file.tools.operator
    )
    task = settle_references(write_final_task(home, file.case.question, referral, referral.offer, shown))
    return move.write([stamped(task, address, 1, file.now)]).progress(due)


def await_final(file: CaseFile) -> Progress | Wait:
    """REVEALED: given, declined, or not given in time."""
    shown = file.needed("shown", Shown)
    task = file.resource(f"Task/{shown.task}")
    if task["status"] == "completed":
        return _given(file, shown, task)
    if task["status"] == "failed":
        why = task.get("statusReason", {}).get("text", "")
        return _over(file, shown, FinalEnd.DECLINED, Event.FINAL_DECLINED, reason=why)
    if shown.due > file.now:
        return Wait(shown.due)
    return _over(file, shown, FinalEnd.OVERDUE, Event.FINAL_OVERDUE)


def _given(file: CaseFile, shown: Shown, task: Resource) -> Progress:
    """The door has checked what it names; a report that says something else since then is for a person."""
    read = specialist_read(file, task, _offer(file))
    given = final_answer(task, file.resource(str(read.report)), file.read_card)
    if given is None:
        text = "the report that carries the final answer no longer says present or absent"
        return to_a_person(held(file, text), "A person looks at the specialist's final answer.")
    overrules = given.answer is Answer.ABSENT and Answer.PRESENT in (shown.x, shown.y)
    overruling = given.overruling if overrules else ""
    final = FinalRead(shown.offer, FinalEnd.GIVEN, file.now, read, given.reason, overruling)
    move = Moved(file).lay_down("final-read", final)
    move.note(
        Event.FINAL_GIVEN, actor=read.role, sealed=True, report=read.report.versioned, digest=read.digest,
        answer=read.answer, blind=shown.own, x=shown.x, y=shown.y, reason=given.reason,
        overruling=overruling,
    )  # fmt: skip
    return move.at_once()


def _over(file: CaseFile, shown: Shown, end: FinalEnd, event: Event, *, reason: str = "") -> Progress:
    actor = _offer(file).role if end is FinalEnd.DECLINED else "second-reader"
    move = Moved(file).note(event, actor=actor, sealed=True, says="the blind answer counts", reason=reason)
    move.lay_down("final-read", FinalRead(shown.offer, end, file.now))
    if end is FinalEnd.OVERDUE:
        move.write(moved_task(file, f"Task/{shown.task}", _OVERDUE))
    return move.at_once()


def _offer(file: CaseFile) -> Offer:
    return file.needed("referral", Referral).offers[-1]
