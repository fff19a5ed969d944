"""ServiceRequest: the referral to a specialist (R4 servicerequest.html).

The specialist reads blind: neither opinion is named here, nor anything from which one could
be told, such as why the case was referred.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence
from server.fhir.pens.datatypes import Json, concept
from server.model import Coding, Referral, ResourceKey
from server.times import instant


class RequestStatus(StrEnum):
    """R4 request-status, the three that a referral goes through (request.html#statemachine)."""

    ACTIVE = "active"
    COMPLETED = "completed"
    """A specialist has read."""
    REVOKED = "revoked"
    """The case ended, and nobody has."""


def write_service_request(
    letter: Correspondence,
    question: str,
    referral: Referral,
    evidence: Sequence[ResourceKey],
    status: RequestStatus = RequestStatus.ACTIVE,
) -> Json:
    """``reflex-order``: made by rule, under the standing order that the policy is.

    ``evidence``: what the question rests on. Earlier studies stand beside it and say that they are.
    """
    earlier = [each | {"display": "Earlier study"} for each in letter.references(referral.priors)]
    named = [*letter.references(evidence), *earlier]
    return {
        "resourceType": "ServiceRequest",
        "identifier": [letter.label(terms.REFERRAL, "referral")],
        "status": status.value,
        "intent": "reflex-order",
        "priority": referral.urgency.value,
        "code": concept(Coding(terms.QUESTION, question)),
        "subject": letter.subject(),
        "occurrencePeriod": {"end": instant(referral.deadline)},
        "authoredOn": instant(referral.offers[0].offered_at),
        "requester": letter.operator.reference(),
        "reasonCode": [concept(terms.SECOND_OPINION)],
        **({"supportingInfo": named} if named else {}),
    }
