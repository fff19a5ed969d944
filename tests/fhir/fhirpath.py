"""The official FHIRPath of each constraint, run by fhirpathpy: a second opinion on our own rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import fhirpathpy
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

from server.fhir.bindings import SERVED, SHAPES
from server.fhir.definitions.constraints import CONSTRAINTS, Constraint

R4 = models["r4"]
ADDED = {
    "hasValue": {"fn": lambda inputs: len(inputs) == 1 and not isinstance(inputs[0], dict), "arity": {0: []}}
}
"""Which fhirpathpy has not."""
NOT_RUN = {
    "rng-2": "fhirpathpy does not compare quantities",
    "txt-1": "fhirpathpy has no htmlChecks()",
    "txt-2": "fhirpathpy has no htmlChecks()",
}


@dataclass(frozen=True)
class Official:
    """A constraint where it can be asked: about a type of SHAPES."""

    owner: str
    constraint: Constraint
    expression: str

    @property
    def name(self) -> str:
        return f"{self.owner}: {self.constraint.key}"

    def verdict(self, value: Mapping[str, Any], resource: Any, root: Any) -> bool | None:
        """True where the rule is kept, None where FHIRPath leaves it open."""
        node = ResourceNode.create_node(value, self.owner)
        found = _compiled(self.expression)(node, {"resource": resource, "rootResource": root})
        return found[0] if found else None


@cache
def _compiled(expression: str) -> Callable[..., list[Any]]:
    return fhirpathpy.compile(
        expression, model=R4, options={"userInvocationTable": ADDED, "traceFn": _silent}
    )


def _silent(_label: str, _found: Any) -> None:
    """For ``trace()``, which else prints what it found."""


def reachable() -> set[str]:
    """All types that a resource taken here may hold, resources contained in it apart."""
    found: set[str] = set()
    wanted = list(SERVED)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            used = {element.type for element in SHAPES[name].elements.values()}
            wanted += [each for each in used if each in SHAPES]
    return found


def officials() -> list[Official]:
    """Every constraint of severity error that concerns the types taken here."""
    types = reachable()
    return [
        official
        for path, constraints in CONSTRAINTS.items()
        for each in constraints
        if each.severity == "error"
        if (official := _official(path, each)).owner in types | {"DomainResource", "Element"}
    ]


def _official(path: str, constraint: Constraint) -> Official:
    if path in SHAPES or path == "DomainResource":
        return Official(path, constraint, constraint.expression)
    owner, _, label = path.rpartition(".")
    label = label.removesuffix("[x]")
    return Official(owner, constraint, f"`{label}`.all({constraint.expression})")
