"""DiagnosticReport: the AI opinion as a whole (R4 diagnosticreport.html)."""

from __future__ import annotations

from datetime import datetime

from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence
from server.fhir.pens.datatypes import Json, ai_element, ai_meta, concept
from server.model import AiRead, Card
from server.times import instant

NOTICE = "AI second read, not verified by a clinician."
"""Stands before every conclusion: readers that ignore labels must still see it."""


def write_report(letter: Correspondence, card: Card, read: AiRead, conclusion: str, now: datetime) -> Json:
    """``partial``: "may be incomplete or unverified" (R4 diagnostic-report-status); never ``final``."""
    return {
        "resourceType": "DiagnosticReport",
        "meta": ai_meta(),
        "identifier": [letter.label(terms.OPINION_REPORT, "opinion-report")],
        "status": "partial",
        "category": [concept(terms.RADIOLOGY if card.film else terms.LABORATORY)],
        "code": concept(card.report_code),
        "subject": letter.subject(),
        "effectiveDateTime": instant(read.made_at),
        "issued": instant(now),
        "performer": [letter.operator.reference(), _model(letter, card)],
        "result": [{"reference": letter.urn("opinion"), "type": "Observation"}],
        **_studies(letter, read),
        "conclusion": _marked(conclusion),
        "_conclusion": ai_element(),
    }


def _studies(letter: Correspondence, read: AiRead) -> Json:
    named = letter.references(each for each in read.sources if each.type == "ImagingStudy")
    return {"imagingStudy": named} if named else {}


def _model(letter: Correspondence, card: Card) -> Json:
    """R4 lets no Device perform a report; the extension names it without claiming that it does."""
    device = {"reference": letter.urn("device"), "type": "Device"}
    return {
        "extension": [{"url": terms.ALTERNATE_REFERENCE, "valueReference": device}],
        "display": f"{card.name} {card.version} (AI)",
    }


def _marked(conclusion: str) -> str:
    """In plain words too, whatever the text says: readers that ignore metadata must still see it."""
    return conclusion if conclusion.startswith(NOTICE.rstrip(".")) else f"{NOTICE} {conclusion}".strip()
