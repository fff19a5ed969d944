"""Observation: the model's finding, or that it declines (R4 observation.html)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence
from server.fhir.pens.datatypes import Json, ai_element, ai_meta, concept
from server.model import AiRead, Answer, Card, Coding
from server.times import instant

_VALUES: Final[dict[Answer, tuple[Coding, Coding]]] = {
    Answer.PRESENT: (terms.PRESENT, terms.POSITIVE),
    Answer.ABSENT: (terms.ABSENT, terms.NEGATIVE),
}
_PLACES = Decimal("0.0001")


def write_observation(letter: Correspondence, card: Card, read: AiRead) -> Json:
    """Always ``preliminary``: nobody has verified it (R4 observation-status)."""
    return {
        "resourceType": "Observation",
        "meta": ai_meta(),
        **_confidence(read),
        "identifier": [letter.label(terms.OPINION, "opinion")],
        "status": "preliminary",
        "code": concept(card.finding),
        "subject": letter.subject(),
        "effectiveDateTime": instant(read.made_at),
        "performer": [letter.operator.reference()],
        **_finding(card, read),
        "device": {"reference": letter.urn("device"), "type": "Device"},
        **_derived_from(letter, read),
    }


def confidence(read: AiRead) -> Decimal | None:
    """Calibrated probability that the answer given holds; None when there is no answer.

    A probability of 0.03 beside the value "absent" would read as doubt, so for "absent" it
    is the probability of absence.
    """
    if read.answer is None or read.probability is None:
        return None
    present = Decimal(repr(read.probability)).quantize(_PLACES)
    return present if read.answer is Answer.PRESENT else 1 - present


def _confidence(read: AiRead) -> Json:
    held = confidence(read)
    return {} if held is None else {"extension": [{"url": terms.AI_CONFIDENCE, "valueDecimal": held}]}


def _finding(card: Card, read: AiRead) -> Json:
    if read.answer is None:
        return _declined(read)
    value, interpretation = _VALUES[read.answer]
    return {
        "valueCodeableConcept": ai_element() | concept(value, text=_in_words(card, read)),
        "interpretation": [concept(interpretation)],
    }


def _in_words(card: Card, read: AiRead) -> str:
    finding = card.finding.display or card.finding.code
    if read.probability is None:
        return f"{finding}: {read.answer} (AI)"
    return f"{finding}: {read.answer} (AI, calibrated probability of presence {read.probability:.4f})"


def _declined(read: AiRead) -> Json:
    """Never together with a value (obs-6); a decline is not a negative finding."""
    reasons = "; ".join(read.reasons)
    return {
        "dataAbsentReason": ai_element()
        | concept(
            terms.UNKNOWN, text=f"The AI declines to answer: {reasons}" if reasons else "The AI declines"
        ),
        "interpretation": [concept(terms.INDETERMINATE)],
    }


def _derived_from(letter: Correspondence, read: AiRead) -> Json:
    named = letter.references(read.sources)
    return {"derivedFrom": named} if named else {}
