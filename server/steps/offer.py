"""REFERRED, OFFERED: one specialist after another is asked, until one accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.case import Event
from server.fhir.home import letter_home, settle_references
from server.fhir.parse import parse
from server.fhir.pens.correspondence import Correspondence, Standing
from server.fhir.pens.referral_task import offer_name, write_referral_task
from server.fhir.pens.service_request import write_service_request
from server.fhir.stamp import stamped
from server.fhir.terms import Business
from server.model import Candidate, Offer, OfferEnd, Referral
from server.ports import Progress, ResourceWrite
from server.routing.deadlines import accept_by, answer_by, referral_deadline
from server.steps.answer import changed, over
from server.steps.casefile import CaseFile, Moved, Wait, held
from server.steps.kept import still_asked
from server.steps.letters import recalled, referral_letter, to_a_person
from server.steps.priors import priors_of
from server.steps.refer import clock_of, weigh_directory
from server.steps.referring import referred
from server.steps.tasks import moved_task

_BEST_KEPT = 3
_UNFIT_KEPT = 50
"""Of those who may not be asked, so many stand in the history with their reasons, nearest first."""
_WAITING = Standing("in-progress", Business.AWAITING_SPECIALIST)
_READING = Standing("in-progress", Business.SPECIALIST_ACCEPTED)


def offer(file: CaseFile) -> Progress:
    """REFERRED: ask the best who has not been asked."""
    referral = _referral(file)
    if (progress := still_asked(file, referral)) is not None:
        return progress
    move = Moved(file)
    referral = recalled(move, referral, OfferEnd.CORRECTED)
    referral = replace(referral, evidence=file.ai_read.sources, priors=priors_of(file))
    # Each offer gets the full clock: one specialist's silence does not eat the next one's time.
    deadline = referral_deadline(file.now, clock_of(file, referral.urgency), file.case.due_by)
    if deadline is None:
        return _nobody(file, "the requested date has passed; no specialist can be asked in time")
    referral = replace(referral, deadline=deadline)
    candidates = weigh_directory(file, referral)
    fit = [each for each in candidates if not each.failed]
    if not fit:
        return _nobody(
            file, "no specialist in the directory may be asked (or asked again)", candidates[:_UNFIT_KEPT]
        )
    best, others = fit[:_BEST_KEPT], candidates[len(fit) : len(fit) + _UNFIT_KEPT]
    if (progress := _unsure(file, referral, best)) is not None:
        return progress
    asked = {each.role for each in referral.offers}
    before = [each for each in referral.candidates if each.specialist.role in asked]
    referral = _with_offer(file, replace(referral, candidates=(*best, *before)), best[0])
    made = referral.offers[-1]
    referred(move, referral)
    move.note(
        Event.OFFERED,
        policy=True,
        to=made.role,
        task=f"Task/{made.task}",
        accept_by=made.accept_by,
        score=best[0].score,
        confidence=best[0].confidence,
        reasons=best[0].reasons,
        others=[_told(each) for each in (*best[1:], *others)],
        weighed=len(candidates),
        fit=len(fit),
        seed=file.case.id,
    )
    move.write(_at_home(file, referral)).write(moved_task(file, f"Task/{file.case.task_id}", _WAITING))
    return move.send(referral_letter(move, referral, _WAITING)).progress(made.accept_by)


def await_acceptance(file: CaseFile) -> Progress | Wait:
    """OFFERED: accepted, declined, or not answered in time."""
    referral = _referral(file)
    made = referral.offers[-1]
    task = file.resource(f"Task/{made.task}")
    if task["status"] in ("accepted", "in-progress", "completed"):
        due = answer_by(file.now, clock_of(file, referral.urgency), referral.deadline)
        accepted = changed(referral, replace(made, accepted_at=file.now, answer_by=due))
        move = Moved(file).note(Event.OFFER_ACCEPTED, actor=made.role, answer_by=due)
        referred(move, accepted)
        move.write(moved_task(file, f"Task/{file.case.task_id}", _READING))
        return move.send(referral_letter(move, accepted, _READING)).progress(
            file.now if task["status"] == "completed" else due
        )
    if task["status"] in ("rejected", "failed"):
        return over(file, referral, OfferEnd.DECLINED, Event.OFFER_DECLINED)
    if made.accept_by <= file.now:
        return over(file, referral, OfferEnd.EXPIRED, Event.OFFER_EXPIRED)
    return Wait(made.accept_by)


def _referral(file: CaseFile) -> Referral:
    return file.needed("referral", Referral)


def _with_offer(file: CaseFile, referral: Referral, best: Candidate) -> Referral:
    number = len(referral.offers) + 1
    made = Offer(
        number=number,
        role=best.specialist.role,
        offered_at=file.now,
        accept_by=accept_by(file.now, clock_of(file, referral.urgency), referral.deadline),
        task="",
    )
    return replace(
        referral, offers=(*referral.offers, replace(made, task=_letter_home(file).minted(offer_name(made))))
    )


def _at_home(file: CaseFile, referral: Referral) -> list[ResourceWrite]:
    """The referral's ServiceRequest (when it is new, or asks about other values) and this offer's Task."""
    home, made = _letter_home(file), referral.offers[-1]
    task = settle_references(write_referral_task(home, referral, made))
    del task["partOf"]  # it would lead the specialist to the EHR's Task, and from there to the first report
    return [*_request(file, home, referral), stamped(task, made.task, 1, file.now)]


def _request(file: CaseFile, home: Correspondence, referral: Referral) -> list[ResourceWrite]:
    id_ = referral.service_request
    request = settle_references(write_service_request(home, file.case.question, referral, referral.evidence))
    stored = file.tools.shelf.read("ServiceRequest", id_)
    if stored is None:
        return [stamped(request, id_, 1, file.now)]
    if parse(stored.body).get("supportingInfo") == request.get("supportingInfo"):
        return []
    return [stamped(request, id_, stored.version + 1, file.now)]


def _letter_home(file: CaseFile) -> Correspondence:
    return letter_home(
        file.case.id, file.case.patient, f"Task/{file.case.task_id}", file.task, file.tools.operator
    )


def _unsure(file: CaseFile, referral: Referral, best: Sequence[Candidate]) -> Progress | None:
    """HELD, once for each offer, when the best is not sure enough (S4.2); who resumes the case agrees."""
    number, cut = len(referral.offers) + 1, file.policy.matching.confidence
    if best[0].confidence >= cut or number in file.tools.files.facts(file.case.id, "unsure", int):
        return None
    text = f"the best match has a confidence of {best[0].confidence:.2f}, and the policy's cut is {cut:g}"
    move = held(file, text, best=[_told(each) for each in best]).lay_down("unsure", number)
    return to_a_person(move, "A coordinator looks at who is asked.")


def _nobody(file: CaseFile, reason: str, candidates: tuple[Candidate, ...] = ()) -> Progress:
    move = held(file, reason, weighed=[_told(each) for each in candidates])
    return to_a_person(move, "No specialist can be asked; a coordinator looks at it.")


def _told(candidate: Candidate) -> dict[str, object]:
    """One candidate as the history keeps it: the role, and the reasons for its rank."""
    return {
        "role": candidate.specialist.role,
        "score": candidate.score,
        **({} if candidate.score is None else {"confidence": candidate.confidence}),
        "reasons": candidate.failed or candidate.reasons,
    }
