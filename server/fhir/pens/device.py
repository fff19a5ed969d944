"""Device: the model in one version (R4 device.html; profile AI-Device)."""

from __future__ import annotations

from server.fhir import terms
from server.fhir.pens.datatypes import Json, concept, identifier
from server.model import Card


def write_device(card: Card) -> Json:
    """One Device for each model version; what a Provenance cites is never edited afterwards."""
    return {
        "resourceType": "Device",
        "meta": {"profile": [terms.AI_DEVICE]},
        "extension": [{"url": terms.AI_KIND, "valueCodeableConcept": concept(terms.MACHINE_LEARNING)}],
        "identifier": [identifier(terms.MODEL, card.identity)],
        "status": "active",
        "manufacturer": card.manufacturer,
        "deviceName": [
            {"name": card.name, "type": "model-name"},
            {"name": card.title, "type": "user-friendly-name"},
        ],
        "type": concept(terms.AI),
        "version": [
            {"value": card.version},
            {"type": {"text": "SHA-256 of the model file"}, "value": card.model_digest},
        ],
    }
