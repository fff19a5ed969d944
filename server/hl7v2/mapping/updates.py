"""A draft into what is stored: what changes, what stays, and why nothing does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from server.hl7v2.mapping.drafts import Draft, Json

_SETTLED = frozenset({"final", "amended", "corrected", "appended"})
_UNSETTLED = frozenset({"registered", "preliminary", "partial", "unknown"})


def older(stored: Json, draft: Draft) -> bool:
    """It says less than what is stored: P after F is a message that came late, and no downgrade (H-078)."""
    reported = draft.type in ("DiagnosticReport", "Observation")
    return reported and stored.get("status") in _SETTLED and draft.resource.get("status") in _UNSETTLED


def updated(stored: Json, draft: Draft) -> Json:
    """``stored`` with what the draft's message speaks of. References are still those between drafts."""
    if older(stored, draft):
        return stored
    found = {key: value for key, value in stored.items() if key not in set(_named(stored, draft.cleared))}
    for element in draft.owned:
        said = list(_named(draft.resource, (element,)))
        if any(not key.startswith("_") for key in said):
            for key in set(_named(found, (element,))):
                del found[key]
            found |= {key: draft.resource[key] for key in said}
    if "identifier" in draft.resource:
        found["identifier"] = _united(found.get("identifier", []), draft.resource["identifier"])
    return found


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
    known = {(each.get("system"), each.get("value")) for each in stored}
    return [*stored, *(each for each in said if (each.get("system"), each.get("value")) not in known)]
