"""Task: a specialist who has answered blind sees both opinions, unnamed, and finalises (second-reading S2.4).

Both opinions have the same shape, and nothing in it comes from who gave them: no author, no time, no
probability, no words. In which order they stand is drawn.
"""

from __future__ import annotations

from typing import Final

from server.arbitration import Shown
from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence, Standing
from server.fhir.pens.datatypes import Json, concept
from server.fhir.pens.referral_task import specialist_name, written_standing
from server.fhir.terms import Business
from server.model import Answer, Coding, Offer, Referral
from server.times import instant

AWAITED: Final = Standing("accepted", Business.FINAL_AWAITED)
_SAID: Final = {Answer.PRESENT: terms.PRESENT, Answer.ABSENT: terms.ABSENT, None: terms.UNKNOWN}


def write_final_task(
    letter: Correspondence, question: str, referral: Referral, offer: Offer, shown: Shown
) -> Json:
    """It is accepted already: whoever has taken the referral has taken both of its stages."""
    return {
        "resourceType": "Task",
        "partOf": [{"reference": f"Task/{offer.task}"}],
        **written_standing(AWAITED),
        "intent": "order",
        "priority": referral.urgency.value,
        "code": concept(terms.FULFILL, terms.FINAL_READ),
        "focus": {"reference": f"ServiceRequest/{referral.service_request}"},
        "for": letter.subject(),
        "authoredOn": instant(shown.at),
        "lastModified": instant(shown.at),
        "requester": letter.operator.reference(),
        "owner": letter.reference(offer.role, specialist_name(referral, offer.role)),
        "restriction": {"period": {"end": instant(shown.due)}},
        "input": [
            {
                "type": concept(terms.IN_QUESTION),
                "valueCodeableConcept": concept(Coding(terms.QUESTION, question)),
            },
            _opinion(terms.IN_OPINION_X, shown.x),
            _opinion(terms.IN_OPINION_Y, shown.y),
            _opinion(terms.IN_OWN_ANSWER, shown.own),
            {"type": concept(terms.IN_LOCALISED), "valueBoolean": shown.localised},
        ],
    }


def _opinion(kind: Coding, answer: Answer | None) -> Json:
    return {"type": concept(kind), "valueCodeableConcept": concept(_SAID[answer])}
