"""A draft laid over what is stored: an empty field says nothing, and nothing that stood higher falls back.

HL7 v2.8 section 2.5.3 (empty and ``""``); OBR-25 and OBX-11 only go forward (tables 0123, 0085).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from server.hl7v2.mapping.drafts import Draft
from server.ports import Resource

DIRECTORY: Final = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "Location", "Device", "Endpoint"}
)
"""Who and what a message mentions; its sender is not who keeps that directory, so what is here stays."""
_RANK: Final[Mapping[str, int]] = {
    "registered": 0,
    "partial": 1,
    "preliminary": 1,
    "final": 2,
    "amended": 3,
    "corrected": 3,
    "appended": 3,
    "cancelled": 4,
    "entered-in-error": 4,
}
"""diagnostic-report-status and observation-status."""
_VOID: Final = 4
_SIGNED: Final = 2
_RESULTS: Final = frozenset({"DiagnosticReport", "Observation"})
_WHOLE: Final = ("conclusion", "conclusionCode", "presentedForm")
"""Of a signed report: what it concludes stands or falls together."""


def filled(kept: Resource | None, draft: Draft) -> Resource:
    """What stands afterwards; ``kept`` itself where the message changes nothing.

    References to other drafts lead to where they stand by now.
    """
    if kept is None:
        return draft.resource
    if draft.type in DIRECTORY or falls_back(kept, draft):
        return kept
    made = kept | {name: _part(name, kept, draft) for name in draft.resource}
    for name in draft.cleared:
        made.pop(name, None)
    if draft.type in _RESULTS:
        made["status"] = _status(kept, draft.resource)
    if draft.type == "DiagnosticReport" and _SIGNED <= _rank(made) < _VOID:
        made = {name: part for name, part in made.items() if name not in _WHOLE or name in draft.resource}
    return made


def _part(name: str, kept: Resource, draft: Draft) -> Any:
    said = draft.resource[name]
    if name == "identifier":
        return _joined(kept.get(name, []), said)
    if name == "result":
        before = kept.get(name, [])
        return [*before, *(each for each in said if each not in before)]
    return said if name in draft.owned or name not in kept else kept[name]


def falls_back(kept: Resource, draft: Draft) -> bool:
    """A preliminary word after the final one changes nothing (H-078)."""
    if draft.type not in _RESULTS:
        return False
    said, now = _rank(draft.resource), _rank(kept)
    return said < _SIGNED <= now < _VOID


def _status(kept: Resource, said: Resource) -> str:
    """What was corrected stays so when the same is sent as final once more."""
    stays = _rank(said) == _SIGNED and _rank(kept) == _SIGNED + 1
    return str((kept if stays else said).get("status", kept.get("status")))


def _rank(resource: Resource) -> int:
    return _RANK.get(str(resource.get("status", "")), 0)


def _joined(kept: list[Resource], said: list[Resource]) -> list[Resource]:
    known = {(each.get("system"), each.get("value")) for each in kept}
    return [*kept, *(each for each in said if (each.get("system"), each.get("value")) not in known)]
