"""A search parameter of many types, as it reads for one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from server.fhir.definitions.make.elements import Tables

_RESOLVED = re.compile(r"(?P<path>[\w.]+)\.where\(resolve\(\) is (?P<type>\w+)\)")
_TARGETS = re.compile(r"(?:Reference|canonical)(?:\((?P<targets>[^)]+)\))?")


def expression_for(type_name: str, expression: str) -> str:
    """The alternatives that begin at ``type_name``; all of them where they begin at no type of their own."""
    ours = re.compile(rf"\(*(?:{type_name}|Resource|DomainResource)\b")
    return " | ".join(each for each in _alternatives(expression) if ours.match(each))


def _alternatives(expression: str) -> Iterator[str]:
    """The operands of the outermost ``|``."""
    depth = start = 0
    for at, character in enumerate(expression):
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            yield expression[start:at].strip()
            start = at + 1
    yield expression[start:].strip()


def targets_for(expression: str, declared: AbstractSet[str], tables: Tables) -> list[str]:
    """The types that a reference there may lead to; none named where any may be.

    A parameter of many types declares the targets of all of them together, so what the element
    itself allows narrows them.
    """
    allowed: set[str] = set()
    for each in _alternatives(expression):
        resolved = _RESOLVED.fullmatch(each)
        targets = {resolved["type"]} if resolved else _targets_at(each, tables)
        if targets is None:
            return sorted(declared)
        allowed |= targets
    return sorted(allowed & declared if declared else allowed)


def _targets_at(path: str, tables: Tables) -> set[str] | None:
    """None where the element names no types, or is not found by steps from element to element."""
    owner, *steps = path.split(".")
    for step in steps[:-1]:
        spelling = tables.get(owner, {}).get(step)
        if spelling is None:
            return None
        owner = re.split(r"[^\w.]", spelling)[0]
    spelled = [
        spelling
        for name, spelling in tables.get(owner, {}).items()
        if name == steps[-1] or spelling.endswith(f"?{steps[-1]}")
    ]
    found = [match["targets"] for each in spelled if (match := _TARGETS.match(each))]
    if not found or None in found:
        return None
    return {name for each in found for name in each.split("|")}
