"""A draft into what is stored: what changes, what stays, and why nothing does.

An empty field says nothing (HL7 v2.8 section 2.5.3), and nothing that stood higher falls back (OBR-25 and
OBX-11 only go forward: tables 0123, 0085).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from server.hl7v2.mapping.drafts import Draft, Json

DIRECTORY: Final = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "Location", "Device", "Endpoint"}
)
"""Who and what a message mentions: its sender does not keep that directory, so what is here stays."""
_CORRECTED: Final = frozenset({"amended", "corrected", "appended"})
_SETTLED: Final = _CORRECTED | {"final"}
_UNSETTLED: Final = frozenset({"registered", "preliminary", "partial", "unknown"})
_REPORTS: Final = frozenset({"DiagnosticReport", "Observation"})
_CONCLUDED: Final = ("conclusion", "conclusionCode", "presentedForm")
"""Of a signed report: what it concludes stands or falls together."""


def older(stored: Json, draft: Draft) -> bool:
    """It says less than what is stored: P after F is a message that came late, and no downgrade (H-078)."""
    reported = draft.type in _REPORTS
    return reported and stored.get("status") in _SETTLED and draft.resource.get("status") in _UNSETTLED


def updated(stored: Json, draft: Draft) -> Json:
    """``stored`` with what the draft's message speaks of; ``stored`` itself where that is nothing.

    References are as the draft has them: those to other drafts lead to where they stand by now.
    """
    if older(stored, draft) or draft.type in DIRECTORY:
        return stored
    gone = (*draft.cleared, *(_unsaid(draft) if _signs(draft) else ()))
    found = {key: value for key, value in stored.items() if key not in set(_named(stored, gone))}
    for element in draft.owned:
        said = list(_named(draft.resource, (element,)))
        if any(not key.startswith("_") for key in said):
            for key in set(_named(found, (element,))):
                del found[key]
            found |= {key: draft.resource[key] for key in said}
    for element in ("identifier", "result"):
        if element in draft.resource:
            found[element] = _united(stored.get(element, []), draft.resource[element])
    if draft.resource.get("status") == "final" and stored.get("status") in _CORRECTED:
        found["status"] = stored["status"]  # sent once more as it was corrected
    return found


def _signs(draft: Draft) -> bool:
    return draft.type == "DiagnosticReport" and draft.resource.get("status") in _SETTLED


def _unsaid(draft: Draft) -> Iterator[str]:
    return (each for each in _CONCLUDED if each not in draft.resource)


def _named(resource: Json, elements: Iterable[str]) -> Iterator[str]:
    """The keys of an element: a choice has one for each type, a primitive one more for its extensions."""
    for element in elements:
        stem, choice, _ = element.partition("[")
        for key in resource:
            name = key.removeprefix("_")
            rest = name[len(stem) :]
            if name == stem or (choice and name.startswith(stem) and rest[:1].isupper()):
                yield key


def _united(stored: list[Json], said: list[Json]) -> list[Json]:
    """Identifiers are the same by system and value, references by where they lead."""
    known = [_key(each) for each in stored]
    return [*stored, *(each for each in said if _key(each) not in known)]


def _key(value: Json) -> tuple[object, ...]:
    return value.get("system"), value.get("value"), value.get("reference")
