"""Search parameters beyond R4's: on elements by which a case is followed, and for which R4 has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BASE = "https://second-reader.example/fhir/SearchParameter"


@dataclass(frozen=True, slots=True)
class Own:
    """One of them."""

    code: str
    type: Literal["reference", "token"]
    expression: str
    meaning: str

    def url(self, type_: str) -> str:
        return f"{BASE}/{type_}-{self.code}"


OWN: Mapping[str, tuple[Own, ...]] = {
    "Binary": (
        Own(
            "security-context",
            "reference",
            "Binary.securityContext",
            "Whose access rules it follows: the resource that it is part of.",
        ),
    ),
    "Provenance": (
        Own(
            "activity",
            "token",
            "Provenance.activity",
            "What was done; NULLIFY where an opinion was withdrawn.",
        ),
        Own("reason", "token", "Provenance.reason", "Why; AIAST where artificial intelligence was involved."),
    ),
    "Task": (
        Own(
            "input", "reference", "(Task.input.value as Reference)", "What it was given: inputs by reference."
        ),
        Own(
            "input-concept",
            "token",
            "(Task.input.value as CodeableConcept)",
            "What it was given: inputs that are codes, such as the clinical question.",
        ),
        Own(
            "output", "reference", "(Task.output.value as Reference)", "What it led to: outputs by reference."
        ),
        Own(
            "output-concept",
            "token",
            "(Task.output.value as CodeableConcept)",
            "What it led to: outputs that are codes, such as the agreement.",
        ),
    ),
}
