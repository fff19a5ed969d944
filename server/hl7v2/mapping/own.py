"""What we name what a link leaves unnamed: identifier and code systems of our own, one set for each link.

They are never dialled, and lie beside the FHIR door's base: below it are what this server mints itself, which
nobody else may bring (docs/fhir-door.md).
"""

from __future__ import annotations

import uuid
from urllib.parse import quote

BASE = "https://second-reader.example/hl7v2"
LINKS = f"{BASE}/link/"
_SPACE = uuid.UUID("6f0a5d1e-9f0c-5b52-8f1d-0d1b7a3c2e47")
_SEPARATOR = "\x1f"


def system(link: str, *parts: str) -> str:
    """``.../link/NAME/placer`` and the like."""
    return "/".join((BASE, "link", *(quote(each, safe="") for each in (link, *parts))))


def minted(*parts: str) -> str:
    """The same value for the same parts: what is sent again is known again."""
    return str(uuid.uuid5(_SPACE, _SEPARATOR.join(parts)))
