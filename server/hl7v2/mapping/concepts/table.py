"""One HL7 v2 table, and what FHIR has for its codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Concepts:
    """A concept map. A code that is in none of the parts has no counterpart in FHIR."""

    oracle: str
    """Name of HL7's concept map."""
    system: str
    """Of what ``codes`` leads to."""
    codes: Mapping[str, str]
    ours: Mapping[str, str] = field(default_factory=dict)
    """Codes that HL7 leaves without a counterpart where we have one; the reasons stand with them."""
    elsewhere: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Codes that lead into another system: (system, code)."""
    v2: str = ""
    """URL of the v2 table itself."""
    kept: frozenset[str] = frozenset()
    """Codes without a counterpart that stay codes of the v2 table."""

    def get(self, code: str) -> str | None:
        """For elements of type ``code``."""
        return self.codes.get(code) or self.ours.get(code)

    def coding(self, code: str) -> dict[str, str] | None:
        """For elements that are a Coding."""
        if code in self.elsewhere:
            system, found = self.elsewhere[code]
            return {"system": system, "code": found}
        if (mapped := self.get(code)) is not None:
            return {"system": self.system, "code": mapped}
        return {"system": self.v2, "code": code} if code in self.kept else None
