"""What R4 says of each element we may meet: its type, how often, which codes, which targets.

Read from ``r4.json``. One element is spelled ``type(Target|Target)=value-set*!^~?choice``: ``*`` may
repeat, ``!`` must be there, ``^`` belongs to the summary, ``~`` modifies the meaning of what holds it,
``?value`` is one of the types of ``value[x]``. Elements stand in their official order. Required
bindings to open sets (MIME types, currencies) are not in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type, under one JSON name."""

    type: str
    """A key of SHAPES, the name of a primitive, or ``Resource``.

    ``SimpleQuantity`` where R4 says so: the Quantity that has no comparator.
    """
    label: str
    """The FHIRPath name: ``value`` for valueQuantity."""
    many: bool = False
    required: bool = False
    codes: frozenset[str] | None = None
    """The codes of a required binding."""
    systems: Mapping[str, frozenset[str]] | None = None
    """The same by code system, where the element is no code but a Coding or CodeableConcept."""
    targets: frozenset[str] | None = None
    """Resource types a Reference or canonical may point to; None for any."""
    summary: bool = False
    """Belongs to ``_summary=true``."""
    modifier: bool = False
    """Changes the meaning of what holds it: whoever does not know it must not go on."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The elements of a resource, a datatype or a backbone element (named by its path)."""

    elements: Mapping[str, Element]
    """In the official order, which XML needs."""
    required: Mapping[str, tuple[str, ...]]
    """FHIRPath name -> JSON names of which one must be there."""
    choices: Mapping[str, tuple[str, ...]]
    """FHIRPath name -> JSON names of which at most one may be there."""


CodeSets = Mapping[str, Mapping[str, frozenset[str]]]
_SPELLING = re.compile(
    r"(?P<type>[A-Za-z0-9.]+)(?:\((?P<targets>[^)]+)\))?(?:=(?P<codes>[A-Za-z0-9-]+))?"
    r"(?P<many>\*)?(?P<required>!)?(?P<summary>\^)?(?P<modifier>~)?(?:\?(?P<choice>\w+))?"
)


def _element(name: str, spelling: str, code_sets: CodeSets) -> Element:
    match = _SPELLING.fullmatch(spelling)
    if match is None:
        raise ValueError(f"r4.json: {name} is spelled in a way that is not understood")
    targets, systems = match["targets"], code_sets[match["codes"]] if match["codes"] else None
    coded = match["type"] == "code"
    return Element(
        type=match["type"],
        label=match["choice"] or name,
        many=match["many"] is not None,
        required=match["required"] is not None,
        codes=frozenset().union(*systems.values()) if systems and coded else None,
        systems=None if coded else systems,
        targets=frozenset(targets.split("|")) if targets else None,
        summary=match["summary"] is not None,
        modifier=match["modifier"] is not None,
    )


def _shape(spellings: Mapping[str, str], code_sets: CodeSets) -> Shape:
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
CODES: CodeSets = {
    name: {system: frozenset(codes.split(" ")) for system, codes in systems.items()}
    for name, systems in _R4["codes"].items()
}
"""Value set name -> code system -> codes, for the required bindings."""
RESOURCES: frozenset[str] = frozenset(_R4["resources"])
"""All resource types of R4."""
SHAPES: Mapping[str, Shape] = {name: _shape(spellings, CODES) for name, spellings in _R4["types"].items()}
