"""A resource to FHIR XML: elements in the official order, the same bytes for the same content (xml.html)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from server.errors import Category, Fault, fault
from server.fhir.xhtml import NotXhtmlError, canonical
from server.fhir.xml_slots import FHIR, HOLDER, Inside, Slot, inside
from server.fhir.xml_text import attribute, is_xml

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def write(resource: Mapping[str, Any], *, pretty: bool = False) -> bytes:
    """``resource`` as XML; ``pretty`` gives every element but those of a narrative a line of its own.

    Raises:
        Fault: NOT_ACCEPTABLE when something in it has no form in XML that is known here.
    """
    writer = _Writer(pretty=pretty)
    writer.resource(resource, 0, f' xmlns="{FHIR}"')
    text = "".join(writer.parts)
    if not is_xml(text):
        raise _formless()
    return f"{_DECLARATION}{text}\n".encode() if pretty else f"{_DECLARATION}{text}".encode()


class _Writer:
    def __init__(self, *, pretty: bool) -> None:
        self.parts: list[str] = []
        self._pretty = pretty

    def resource(self, resource: Any, level: int, namespace: str = "") -> None:
        kind = resource.get("resourceType") if isinstance(resource, Mapping) else None
        if not isinstance(kind, str) or kind not in inside(HOLDER).by_name:
            raise _formless()
        content = {name: value for name, value in resource.items() if name != "resourceType"}
        self._complex(kind, content, kind, level, namespace)

    def _complex(self, name: str, value: Any, type_name: str, level: int, attributes: str = "") -> None:
        if not isinstance(value, Mapping):
            raise _formless()
        within = inside(type_name)
        for each in within.attributes:
            if each in value:
                attributes += f' {each}="{_text(value[each])}"'
        self._open(name, attributes, value, within, level)

    def _primitive(self, slot: Slot, value: Any, companion: Any, level: int) -> None:
        """The value, and beside it the id and extensions that JSON keeps under ``_name`` (json.html)."""
        within, more = inside(slot.type), {} if companion is None else companion
        if slot.type == "xhtml":
            self._line(level)
            self.parts.append(_div(value, more))
            return
        attributes = f' id="{_text(more["id"])}"' if "id" in more else ""
        if value is not None:
            attributes += f' value="{_text(value)}"'
        self._open(slot.name, attributes, more, within, level)

    def _open(self, name: str, attributes: str, value: Any, within: Inside, level: int) -> None:
        children = _children(value, within)
        self._line(level)
        if not children:
            self.parts.append(f"<{name}{attributes}/>")
            return
        self.parts.append(f"<{name}{attributes}>")
        for slot in children:
            self._child(slot, value.get(slot.name), value.get(f"_{slot.name}"), level + 1)
        self._line(level)
        self.parts.append(f"</{name}>")

    def _child(self, slot: Slot, value: Any, companion: Any, level: int) -> None:
        if not slot.many:
            self._one(slot, value, companion, level)
            return
        for each, its in zip_longest(value or (), companion or ()):
            self._one(slot, each, its, level)

    def _one(self, slot: Slot, value: Any, companion: Any, level: int) -> None:
        if slot.primitive:
            self._primitive(slot, value, companion, level)
        elif companion is not None:
            raise _formless()
        elif slot.type == HOLDER:
            self._line(level)
            self.parts.append(f"<{slot.name}>")
            self.resource(value, level + 1)
            self._line(level)
            self.parts.append(f"</{slot.name}>")
        else:
            self._complex(slot.name, value, slot.type, level)

    def _line(self, level: int) -> None:
        if self._pretty:
            self.parts.append("\n" + "  " * level)


def _children(value: Mapping[str, Any], within: Inside) -> list[Slot]:
    """The slots of what is there and is no attribute, in the official order."""
    slots = {within.by_name.get(name.removeprefix("_")) for name in value if name not in within.attributes}
    known = [slot for slot in slots if slot is not None and slot.name not in within.attributes]
    if len(known) != len(slots):
        raise _formless()
    return sorted(known, key=lambda slot: (slot.position, slot.name))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return attribute(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    raise _formless()


def _div(value: Any, companion: Mapping[str, Any]) -> str:
    """XHTML has attributes of its own, and no extensions (R4 narrative.html)."""
    if companion or not isinstance(value, str):
        raise _formless()
    try:
        return canonical(value)
    except NotXhtmlError:
        raise _formless() from None


def _formless() -> Fault:
    text = "Something in this answer has no XML form that is known here; ask for application/fhir+json."
    return fault(Category.NOT_ACCEPTABLE, "not-supported", text)
