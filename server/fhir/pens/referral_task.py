"""Task: one offer of a referral to one specialist (R4 task.html; standards as in docs/fhir-door.md)."""

from __future__ import annotations

from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence, Standing
from server.fhir.pens.datatypes import Json, concept, logical
from server.fhir.terms import Business, Reason
from server.model import Coding, Offer, OfferEnd, Referral
from server.times import instant

_ENDED = {
    OfferEnd.DECLINED: Standing("rejected", None, "The specialist declined."),
    OfferEnd.EXPIRED: Standing("failed", Business.EXPIRED, "Not accepted in time."),
    OfferEnd.UNANSWERED: Standing("failed", Business.EXPIRED, "Accepted, but not answered in time."),
    OfferEnd.CALLED_OFF: Standing("cancelled", None, "The case has ended; nothing more is asked."),
    OfferEnd.CORRECTED: Standing(
        "cancelled",
        None,
        "The first report was corrected; nothing more is asked.",
        Reason.FIRST_REPORT_CORRECTED,
    ),
}


def write_referral_task(letter: Correspondence, referral: Referral, offer: Offer) -> Json:
    """A declined or expired Task is over (R4 task state machine); the next offer is a Task of its own."""
    standing = standing_of(offer)
    due = offer.answer_by if offer.accepted_at and offer.answer_by else offer.accept_by
    return {
        "resourceType": "Task",
        "identifier": [
            {"type": concept(terms.PLACER), **letter.label(terms.REFERRAL_TASK, offer_name(offer))}
        ],
        "basedOn": [_request(letter)],
        "partOf": [letter.placed()],
        **written_standing(standing),
        "intent": "order",
        "priority": referral.urgency.value,
        "code": concept(terms.FULFILL, terms.SPECIALIST_READ),
        "focus": _request(letter),
        "for": letter.subject(),
        "authoredOn": instant(offer.offered_at),
        "lastModified": instant(max(filter(None, (offer.offered_at, offer.accepted_at, offer.ended_at)))),
        "requester": letter.operator.reference(),
        "owner": letter.reference(offer.role, specialist_name(referral, offer.role)),
        "restriction": {"period": {"end": instant(due)}},
        **_output(letter, offer),
    }


def offer_name(offer: Offer) -> str:
    """What the Task of an offer is minted under."""
    return f"referral-task/{offer.number}"


def refer_to_offer(letter: Correspondence, offer: Offer) -> Json:
    """Reference to the Task of an offer."""
    return logical("Task", letter.label(terms.REFERRAL_TASK, offer_name(offer)))


def refer_to_specialist_report(letter: Correspondence) -> Json:
    """Reference to the specialist's DiagnosticReport over there."""
    return logical("DiagnosticReport", letter.label(terms.SPECIALIST_REPORT, "specialist-report"))


def standing_of(offer: Offer) -> Standing:
    """Status and businessStatus of an offer; neither tells why the case was referred."""
    if offer.ended is OfferEnd.READ:
        return Standing("completed")
    if offer.ended is not None:
        return _ENDED[offer.ended]
    if offer.accepted_at is not None:
        return Standing("accepted", Business.SPECIALIST_ACCEPTED)
    return Standing("requested", Business.AWAITING_SPECIALIST)


def specialist_name(referral: Referral, role: str) -> str:
    """What stands for people beside a reference to a specialist's role."""
    names = {each.specialist.role: each.specialist.name for each in referral.candidates}
    return names.get(role) or "Specialist"


def written_standing(standing: Standing) -> Json:
    """status, statusReason and businessStatus of a Task."""
    written: Json = {"status": standing.status}
    if standing.reason:
        coded = (Coding(terms.TASK, standing.code.value),) if standing.code is not None else ()
        written["statusReason"] = concept(*coded, text=standing.reason)
    if standing.business is not None:
        written["businessStatus"] = concept(Coding(terms.TASK, standing.business.value))
    return written


def _request(letter: Correspondence) -> Json:
    return logical("ServiceRequest", letter.label(terms.REFERRAL, "referral"))


def _output(letter: Correspondence, offer: Offer) -> Json:
    if offer.ended is not OfferEnd.READ:
        return {}
    report = refer_to_specialist_report(letter)
    return {"output": [{"type": concept(terms.OUT_SPECIALIST_REPORT), "valueReference": report}]}
