"""Names of a partner's resources at our own door. Pure.

The id here is computed from the address there, so that fetching twice makes nothing twice; the
address, with its version, stands in ``meta.source`` (R4 resource.html#Meta).
"""

from __future__ import annotations

import re
import uuid

from server.ports import Resource

_FETCHED = uuid.UUID("0f3c1f0b-7c1e-5d0e-8e7b-2b8f7a1d4c55")
"""Namespace of these ids. Changing it doubles everything that was fetched."""
_LOCAL = re.compile(
    r"([A-Z][A-Za-z]{1,39})/(?!\.+(?:/|$))([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
"""No id of dots alone: it would be a way upwards in an address."""


def here(base: str, key: str) -> str:
    """The id that ``Type/id`` of the partner at ``base`` has at our door."""
    return str(uuid.uuid5(_FETCHED, f"{base}/{key}"))


def key_of(reference: str, base: str) -> str | None:
    """``Type/id`` of what a reference means at the partner; None when it is no literal one below its base."""
    match = _LOCAL.fullmatch(reference.removeprefix(f"{base}/"))
    return f"{match[1]}/{match[2]}" if match else None


def target(resource: Resource, element: str, base: str) -> str | None:
    """``Type/id`` that an element leads to at the partner, whatever it holds."""
    reference = resource.get(element)
    to = reference.get("reference") if isinstance(reference, dict) else None
    return key_of(to, base) if isinstance(to, str) else None


def source(base: str, resource: Resource) -> str:
    """The address of this very version; without the version when the partner does not say it."""
    version = resource.get("meta", {}).get("versionId")
    place = f"{base}/{resource['resourceType']}/{resource['id']}"
    return f"{place}/_history/{version}" if version else place
