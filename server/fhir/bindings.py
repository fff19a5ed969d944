"""What R4 says of each element we may meet: its type, how often, which codes, which targets.

Read from ``r4.json``, made from the official StructureDefinitions and ValueSets (4.0.1). One element
is spelled ``type(Target|Target)=code-set*!?choice``: ``*`` may repeat, ``!`` must be there, ``?value``
is one of the types of ``value[x]``. Required bindings to open sets (MIME types, currencies) are not in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

SERVED = (
    "Bundle",
    "Device",
    "DiagnosticReport",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "ServiceRequest",
    "Task",
)
"""Resource types this door takes."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type, under one JSON name."""

    type: str
    """A key of SHAPES, the name of a primitive, or ``Resource``."""
    label: str
    """The FHIRPath name: ``value`` for valueQuantity."""
    many: bool
    required: bool
    codes: frozenset[str] | None
    """The codes of a required binding."""
    targets: frozenset[str] | None
    """Resource types a Reference may point to; None for any."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The elements of a resource, a datatype or a backbone element (named by its path)."""

    elements: Mapping[str, Element]
    required: Mapping[str, tuple[str, ...]]
    """FHIRPath name -> JSON names of which one must be there."""
    choices: Mapping[str, tuple[str, ...]]
    """FHIRPath name -> JSON names of which at most one may be there."""


_SPELLING = re.compile(
    r"(?P<type>[A-Za-z0-9.]+)(?:\((?P<targets>[^)]+)\))?(?:=(?P<codes>[a-z-]+))?"
    r"(?P<many>\*)?(?P<required>!)?(?:\?(?P<choice>\w+))?"
)


def _element(name: str, spelling: str, code_sets: Mapping[str, frozenset[str]]) -> Element:
    match = _SPELLING.fullmatch(spelling)
    if match is None:
        raise ValueError(f"r4.json: {name} is spelled in a way that is not understood")
    targets, codes = match["targets"], match["codes"]
    return Element(
        type=match["type"],
        label=match["choice"] or name,
        many=match["many"] is not None,
        required=match["required"] is not None,
        codes=code_sets[codes] if codes else None,
        targets=frozenset(targets.split("|")) if targets else None,
    )


def _shape(spellings: Mapping[str, str], code_sets: Mapping[str, frozenset[str]]) -> Shape:
    elements = {name: _element(name, spelling, code_sets) for name, spelling in spellings.items()}
    groups: dict[str, list[str]] = {}
    for name, element in elements.items():
        groups.setdefault(element.label, []).append(name)
    required = {element.label for element in elements.values() if element.required}
    return Shape(
        elements=elements,
        required={label: tuple(groups[label]) for label in groups if label in required},
        choices={label: tuple(names) for label, names in groups.items() if len(names) > 1},
    )


def _read() -> Mapping[str, Any]:
    raw = Path(__file__).with_name("r4.json").read_bytes()
    definitions: Mapping[str, Any] = msgspec.json.decode(raw)
    return definitions


_R4 = _read()
CODES: Mapping[str, frozenset[str]] = {
    name: frozenset(codes.split(" ")) for name, codes in _R4["codes"].items()
}
"""Value set name -> its codes, for the required bindings."""
RESOURCES: frozenset[str] = frozenset(_R4["resources"]) - {"Resource", "DomainResource"}
"""All resource types of R4."""
SHAPES: Mapping[str, Shape] = {name: _shape(spellings, CODES) for name, spellings in _R4["types"].items()}
