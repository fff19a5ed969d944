"""The codes of a value set, by code system, where the package says them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from server.fhir.definitions.make.package import Json, Package

Codes = dict[str, list[str]]


def expand(package: Package, canonical: str) -> Codes | None:
    """System -> codes in their official order; None for a set that is open or lives elsewhere."""
    value_set = package.value_sets.get(canonical.partition("|")[0])
    if value_set is None or "exclude" in value_set["compose"]:
        return None
    found: Codes = {}
    for include in value_set["compose"]["include"]:
        codes = _included(package, include)
        if codes is None:
            return None
        for system, names in codes.items():
            found.setdefault(system, []).extend(names)
    return found


def _included(package: Package, include: Json) -> Codes | None:
    if "valueSet" in include or "filter" in include:
        return None
    system = include["system"]
    if "concept" in include:
        return {system: [concept["code"] for concept in include["concept"]]}
    code_system = package.code_systems.get(system)
    if code_system is None or code_system["content"] != "complete":
        return None
    return {system: list(_all(code_system.get("concept", ())))}


def _all(concepts: Iterable[Json]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _all(concept.get("concept", ()))
