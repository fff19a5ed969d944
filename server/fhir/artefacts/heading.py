"""What every conformance resource of ours begins with (R4 canonicalresource elements)."""

from __future__ import annotations

from datetime import date

from server import __version__
from server.fhir.terms import SR
from server.ports import Resource

CHANGED = date(2026, 11, 25)
"""When any of them last changed in content."""


def heading(type_: str, id_: str, title: str = "") -> Resource:
    """Type, id, canonical URL, version, name and status."""
    return {
        "resourceType": type_,
        "id": id_,
        "url": f"{SR}/{type_}/{id_}",
        "version": __version__,
        "name": name(id_),
        **({"title": title} if title else {}),
        "status": "active",
        "date": CHANGED.isoformat(),
        "publisher": "Second Reader",
    }


def name(id_: str) -> str:
    """The id as a name that programs can use: ``task-output`` is ``TaskOutput``."""
    return "".join(part.capitalize() for part in id_.replace("$", "").split("-"))
