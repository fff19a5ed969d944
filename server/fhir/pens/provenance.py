"""Provenance: who made the opinion, from what, on whose behalf (R4 provenance.html; AI-Provenance)."""

from __future__ import annotations

from datetime import datetime

from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence
from server.fhir.pens.datatypes import Json, coding, concept
from server.model import AiRead, Coding
from server.times import instant


def write_provenance(letter: Correspondence, read: AiRead, now: datetime) -> Json:
    """R4 Provenance has no identifier: the minted value is a tag, so that it can be searched for."""
    return {
        "resourceType": "Provenance",
        "meta": {
            "profile": [terms.AI_PROVENANCE],
            "tag": [coding(Coding(terms.PROVENANCE, letter.minted("provenance")))],
        },
        "target": [
            {"reference": letter.urn("opinion"), "type": "Observation"},
            {"reference": letter.urn("opinion-report"), "type": "DiagnosticReport"},
        ],
        "occurredDateTime": instant(read.made_at),
        "recorded": instant(now),
        "reason": [concept(terms.AIAST)],
        "activity": concept(terms.CREATE),
        "agent": [
            {
                "type": concept(terms.AUTHOR),
                "role": [concept(terms.AI)],
                "who": {"reference": letter.urn("device"), "type": "Device"},
                "onBehalfOf": letter.operator.reference(),
            }
        ],
        "entity": [{"role": "source", "what": source} for source in _sources(letter, read)],
    }


def _sources(letter: Correspondence, read: AiRead) -> list[Json]:
    """The inputs one by one as far as the receiver knows them, and all together by their digest."""
    together = {
        "identifier": {"system": terms.INPUTS, "value": read.input_digest},
        "display": "All inputs of the model, by their SHA-256",
    }
    return [*letter.references(read.sources), together]
