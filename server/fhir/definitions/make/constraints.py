"""The constraints of StructureDefinitions to ``constraints.json``, each where it is declared."""

from __future__ import annotations

from collections.abc import Iterable

from server.fhir.definitions.make.package import CORE, Json, Package

_EVERYWHERE = frozenset({"DomainResource", "Element", "Extension"})
"""What these declare holds wherever they are, and is written down once, with them."""
Row = dict[str, str]


def constraints(package: Package, types: Iterable[str]) -> dict[str, list[Row]]:
    """Path -> its constraints, for the types named and those from which all inherit."""
    found: dict[str, list[Row]] = {}
    for name in sorted({*types, *_EVERYWHERE}):
        structure = package.structure(name)
        for element in structure["snapshot"]["element"]:
            path = f"{name}{element['path'].removeprefix(structure['type'])}"
            rows = [_row(each) for each in element.get("constraint", ()) if _declared(each, path)]
            if rows:
                found[path] = rows
    return found


def _declared(constraint: Json, path: str) -> bool:
    """Here, or by a type that this one specialises."""
    source = constraint.get("source", "").removeprefix(f"{CORE}StructureDefinition/")
    if path.partition(".")[0] in _EVERYWHERE:
        return path in _EVERYWHERE and source in ("", path)
    return source not in _EVERYWHERE


def _row(constraint: Json) -> Row:
    return {name: constraint[name] for name in ("key", "severity", "human", "expression")}
