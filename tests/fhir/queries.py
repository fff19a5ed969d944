"""Searches as a client writes them, by chance, and which types each of them asks about."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.fhir.population import TYPES

_OWN = {
    "Patient": ("identifier=urn:a|1", "family=eve", "birthdate=ge2026", "birthdate:missing=true"),
    "Organization": ("name=e", "identifier=urn:b|2", "identifier:not=urn:b|2"),
    "Observation": ("code=x", "code:not=http://c|x", "date=2026-01", "value-quantity=gt1", "status=final"),
    "Task": ("status=requested", "code=y", "status:not=requested", "authored-on=le2026"),
    "DiagnosticReport": ("status=final", "code=x", "date=2026", "code:missing=false"),
}
_LEADS = {
    ("Observation", "subject", "Patient"),
    ("Observation", "performer", "Organization"),
    ("Task", "focus", "DiagnosticReport"),
    ("Task", "focus", "Observation"),
    ("Task", "owner", "Organization"),
    ("Task", "patient", "Patient"),
    ("DiagnosticReport", "subject", "Patient"),
    ("DiagnosticReport", "result", "Observation"),
    ("Patient", "organization", "Organization"),
    ("Organization", "partof", "Organization"),
}
LEADS = sorted(_LEADS)
_SIZES = ("_count=1", "_count=3", "_count=20")
_ANSWERED = ("_total=accurate", "_summary=count", "_sort=_id", "_sort=-_lastUpdated")


_ELEMENTS = {
    ("Observation", "subject"): ("Patient",),
    ("Task", "focus"): ("Observation", "DiagnosticReport"),
    ("Task", "owner"): ("Organization",),
    ("Task", "for"): ("Patient",),
    ("DiagnosticReport", "subject"): ("Patient",),
    ("Patient", "managingOrganization"): ("Organization",),
    ("Organization", "partOf"): ("Organization",),
}
_LISTS = {("Observation", "performer"): "Organization", ("DiagnosticReport", "result"): "Observation"}


def leading(chance: Random, population: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with references that lead to where chains go, so that chains find something."""
    named = {each: [made["id"] for made in population if made["resourceType"] == each] for each in TYPES}
    for made in population:
        for (type_, element), targets in _ELEMENTS.items():
            if made["resourceType"] == type_ and chance.random() < 0.8:
                target = chance.choice(targets)
                made[element] = {"reference": f"{target}/{chance.choice(named[target])}"}
        for (type_, element), target in _LISTS.items():
            if made["resourceType"] == type_:
                made[element] = [
                    {"reference": f"{target}/{each}"} for each in chance.sample(named[target], 2)
                ]
    return population


@dataclass(frozen=True)
class Asked:
    """One search, and all types that its client must be allowed to find something of."""

    path: str
    types: frozenset[str]


def asked(chance: Random) -> Asked:
    type_ = chance.choice(TYPES)
    types = {type_}
    deep = chance.choice((0, 1, 1, 2))
    told = [_condition(chance, type_, types, deep) for _ in range(chance.choice((0, 1, 1, 2)))]
    told += [_include(chance, type_) for _ in range(chance.choice((0, 0, 1, 2)))]
    told += [chance.choice(_SIZES), chance.choice(_ANSWERED)][: chance.randint(0, 2)]
    return Asked(f"{type_}?{'&'.join(dict.fromkeys(told))}", frozenset(types))


def _condition(chance: Random, type_: str, types: set[str], deep: int) -> str:
    onward = [each for each in LEADS if each[0] == type_]
    back = [each for each in LEADS if each[2] == type_]
    if deep and onward and chance.random() < 0.5:
        _, param, target = chance.choice(onward)
        types.add(target)
        return f"{param}:{target}.{_condition(chance, target, types, deep - 1)}"
    if deep and back:
        source, param, _ = chance.choice(back)
        types.add(source)
        return f"_has:{source}:{param}:{_condition(chance, source, types, deep - 1)}"
    return chance.choice((*_OWN[type_], f"_id=r{chance.randint(0, 40)}"))


def _include(chance: Random, type_: str) -> str:
    onward = [each for each in LEADS if each[0] == type_]
    back = [each for each in LEADS if each[2] == type_]
    iterate = chance.choice(("", "", ":iterate"))
    if onward and (not back or chance.random() < 0.5):
        source, param, target = chance.choice(onward)
        return f"_include{iterate}={source}:{param}" + chance.choice(("", f":{target}"))
    if back:
        source, param, target = chance.choice(back)
        return f"_revinclude{iterate}={source}:{param}" + chance.choice(("", f":{target}"))
    return "_include=*"
