"""The tables of R4 as its XML schema reads them: what stands where, and what is an attribute (xml.html).

Most parts of an element are elements, in the order of the tables. Attributes are the ``id`` of
whatever is no resource, the ``url`` of an extension and the ``value`` of a primitive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from server.fhir.bindings import RESOURCES, SHAPES
from server.fhir.narrative import XHTML
from server.fhir.primitives import FORMS

FHIR = "http://hl7.org/fhir"
HOLDER = "Resource"
"""The type of an element that wraps a resource, as ``contained`` does: its only child names the type."""
_BARE = "Element"
"""What a primitive is besides its value: id and extension (R4 element.html)."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place within an element: a child element, or an attribute."""

    name: str
    """In JSON as in XML; of a resource within its holder, the type."""
    type: str
    label: str
    """The FHIRPath name."""
    many: bool
    position: int
    """Among its siblings; all types of one ``value[x]`` have the same."""
    primitive: bool


@dataclass(frozen=True, slots=True)
class Inside:
    """What may stand within one element."""

    elements: Mapping[str, Slot]
    """By the name that the parser gives: namespace and name."""
    attributes: Mapping[str, Slot]
    by_name: Mapping[str, Slot]
    """Both, by JSON name."""


DOCUMENT = Slot("", HOLDER, "", many=False, position=0, primitive=False)
"""Where the root stands: what holds the outermost resource."""


@cache
def inside(type_name: str) -> Inside:
    """What stands within an element of this type: a key of SHAPES, a primitive, or HOLDER."""
    if type_name == HOLDER:
        return _inside({name: _slot(name, name) for name in RESOURCES & SHAPES.keys()}, frozenset())
    if type_name in FORMS:
        slots = dict(inside(_BARE).by_name)
        return _inside(slots | {"value": _slot("value", type_name)}, frozenset({"id", "value"}))
    elements = SHAPES[type_name].elements
    places = {label: at for at, label in enumerate(dict.fromkeys(each.label for each in elements.values()))}
    slots = {
        name: _slot(name, each.type, each.label, places[each.label], many=each.many)
        for name, each in elements.items()
    }
    return _inside(slots, _attributes(type_name))


def _attributes(type_name: str) -> frozenset[str]:
    """The definitions call them ``representation: xmlAttr``; in R4 there are no others."""
    if type_name in RESOURCES:
        return frozenset()
    return frozenset({"id", "url"}) if type_name == "Extension" else frozenset({"id"})


def _slot(name: str, type_name: str, label: str = "", position: int = 0, *, many: bool = False) -> Slot:
    return Slot(name, type_name, label or name, many, position, type_name in FORMS)


def _inside(slots: Mapping[str, Slot], attributes: frozenset[str]) -> Inside:
    return Inside(
        elements={
            f"{XHTML if slot.type == 'xhtml' else FHIR} {name}": slot
            for name, slot in slots.items()
            if name not in attributes
        },
        attributes={name: slot for name, slot in slots.items() if name in attributes},
        by_name=slots,
    )
