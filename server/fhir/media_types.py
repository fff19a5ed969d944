"""Media types and how much each is wanted (RFC 9110 8.3.1, 12.5.1; R4 http.html#version-parameter)."""

from __future__ import annotations

import re
from dataclasses import dataclass

VERSIONS = frozenset({"4.0", "4.0.1"})
"""Of FHIR, by which ``fhirVersion`` asks for what is here."""
_QVALUE = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def media_type(text: str) -> tuple[str, dict[str, str]]:
    """Type and parameters of a media type, names in lower case."""
    kind, *parameters = text.split(";")
    pairs = (each.partition("=") for each in parameters)
    return kind.strip().lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The media ranges of an Accept header, each with its weight."""

    ranges: tuple[tuple[str, float], ...]

    def exactly(self, kind: str) -> float:
        """How much a type is wanted by its own name; 0 when it is not named."""
        return max((weight for named, weight in self.ranges if named == kind), default=0.0)

    def weight(self, kind: str) -> float:
        """By the most specific range that covers it: the type, then ``application/*``, then ``*/*``."""
        for covering in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
            found = [weight for named, weight in self.ranges if named == covering]
            if found:
                return max(found)
        return 0.0


def accepted(accept: str) -> Accepted:
    """The ranges of ``accept``; 0 for one that asks for another version of FHIR."""
    return Accepted(tuple(_range(each) for each in accept.split(",")))


def _range(text: str) -> tuple[str, float]:
    named, parameters = media_type(text)
    weight = _weight(parameters.get("q", "1"))
    return named, weight if parameters.get("fhirversion", "4.0") in VERSIONS else 0.0


def _weight(text: str) -> float:
    return float(text) if _QVALUE.fullmatch(text) else 0.0
