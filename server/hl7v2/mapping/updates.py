"""A draft into what is stored: what changes, what stays, and why nothing does.

An empty field says nothing (HL7 v2.8 section 2.5.3), and nothing that stood higher falls back (OBR-25 and
OBX-11 only go forward: tables 0123, 0085).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from server.hl7v2.mapping.drafts import Draft, Json

DIRECTORY: Final = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "Location", "Device", "Endpoint"}
)
"""Who and what a message mentions: its sender does not keep that directory, so what is here stays."""
_CORRECTED: Final = frozenset({"amended", "corrected", "appended"})
_SETTLED: Final = _CORRECTED | {"final"}
_VOID: Final = frozenset({"revoked", "entered-in-error"})
"""request-status: nothing goes on from there under the same number."""
_DONE: Final = "completed"
_RANK: Final = {
    **dict.fromkeys(("registered", "preliminary", "partial", "unknown"), 0),
    "final": 1,
    **dict.fromkeys(_CORRECTED, 2),
    **dict.fromkeys(("cancelled", "entered-in-error"), 3),
}
_REPORTS: Final = frozenset({"DiagnosticReport", "Observation"})
_CONCLUDED: Final = ("conclusion", "conclusionCode", "presentedForm")
"""Of a signed report: what it concludes stands or falls together."""


def older(stored: Json, draft: Draft, *, later: bool = False) -> bool:
    """It says less than what is stored, or the same earlier: a message that came late (H-078).

    ``later``: the report that it is part of was issued after the one that is stored. Only so may what was
    corrected or taken back be said to be final once more; never to be preliminary.
    """
    now, said = str(stored.get("status")), str(draft.resource.get("status"))
    if draft.type == "ServiceRequest":
        return now in _VOID and said not in (*_VOID, _DONE)
    if draft.type not in _REPORTS or now not in _RANK or said not in _RANK:
        return False
    if _RANK[said] == 0:
        return _RANK[now] > 0
    before = _issued(stored), _issued(draft.resource)
    if before[0] and before[1] and before[1] < before[0]:
        return True
    later = later or bool(before[0] and before[1] and before[1] > before[0])
    return _RANK[said] < _RANK[now] and not later


def issued_later(stored: Json, draft: Draft) -> bool:
    """Whether a report's draft was issued after the report that is stored (OBR-22)."""
    before, said = _issued(stored), _issued(draft.resource)
    return bool(before and said and said > before)


def _issued(report: Json) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(report.get("issued", "")))
    except ValueError:
        return None
    return found if found.tzinfo else None


def updated(stored: Json, draft: Draft, *, later: bool = False) -> Json:
    """``stored`` with what the draft's message speaks of; ``stored`` itself where that is nothing.

    References are as the draft has them: those to other drafts lead to where they stand by now.
    """
    if older(stored, draft, later=later) or draft.type in DIRECTORY:
        return stored
    going = draft.resource.get("status") not in (*_VOID, _DONE)
    if draft.type == "ServiceRequest" and stored.get("status") == _DONE and going:
        return _placed_late(stored, draft)
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


def _placed_late(stored: Json, draft: Draft) -> Json:
    """An order that comes after its result: it is done, and what it alone knows is added.

    Its study and accession numbers lead to the images.
    """
    found = dict(stored)
    for element in draft.owned:
        if not any(_named(stored, (element,))):
            found |= {key: draft.resource[key] for key in _named(draft.resource, (element,))}
    if "identifier" in draft.resource:
        found["identifier"] = _united(stored.get("identifier", []), draft.resource["identifier"])
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
