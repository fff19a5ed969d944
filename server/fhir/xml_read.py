"""FHIR XML to the dict that ``parse`` makes of the same content in JSON (R4 xml.html, json.html).

On the standard library's expat itself: it fetches nothing, knows no XInclude, does not recurse, tells
the place of a fault, and stops when a callback raises. A DOCTYPE is refused where it begins, so no
entity is ever declared and none but XML's own five are there to be expanded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any
from xml.parsers import expat

from server.errors import Category, Fault, fault
from server.fhir.bindings import RESOURCES
from server.fhir.narrative import XHTML
from server.fhir.parse import DEPTH, MARKS, RESOURCE_BYTES, parse, utf8
from server.fhir.write import dump
from server.fhir.xhtml import NotXhtmlError, Spelling
from server.fhir.xml_refusals import (
    declaration,
    document_type,
    instruction,
    not_well_formed,
    structure,
    unknown_attribute,
    unknown_element,
)
from server.fhir.xml_slots import DOCUMENT, HOLDER, Inside, Slot, inside
from server.fhir.xml_values import WHITE, value_of

_GROWTH = 8
"""JSON is at most so many times as long: a quote in a narrative is one byte, ``&quot;`` in our spelling."""


def read(body: bytes, *, limit: int = RESOURCE_BYTES) -> dict[str, Any]:
    """The resource in ``body``; comments and processing instructions are no part of it (xml.html).

    What is read here, ``parse`` reads back from its JSON: the limits are the same.

    Raises Fault: TOO_LARGE above ``limit`` bytes or for too many elements; UNSUPPORTED for another
    encoding or version of XML; UNPROCESSABLE for what is understood and not in our tables of R4;
    INCORRECT for all else. Values are never quoted.
    """
    if len(body) > limit:
        raise fault(Category.TOO_LARGE, "too-long", f"The body is longer than {limit} bytes.")
    text = utf8(body)
    if any(body.count(mark) > MARKS for mark in (b"<", b"=")):
        says = f"More than {MARKS} tags or attributes; send it in several requests."
        raise fault(Category.TOO_LARGE, "too-costly", says)
    resource = _Reader().read(text)
    if len(body) * _GROWTH > min(limit, MARKS):
        parse(dump(resource), limit=limit)
    return resource


class _Open:
    """An element that has begun and not ended."""

    __slots__ = ("content", "inside", "last", "level", "paired", "slot", "value")

    def __init__(self, slot: Slot, level: int) -> None:
        self.slot = slot
        self.level = level
        """How deep JSON nests here."""
        self.inside: Inside = inside(slot.type)
        self.content: dict[str, Any] = {"resourceType": slot.type} if slot.type in RESOURCES else {}
        self.value: Any = None
        """Of a primitive."""
        self.last: Slot | None = None
        """Where the child before stands."""
        self.paired: list[str] = []
        """Arrays of primitives that have an array of extensions beside them."""


class _Reader:
    """One document."""

    def __init__(self) -> None:
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.XmlDeclHandler = declaration
        parser.StartDoctypeDeclHandler = document_type
        parser.ProcessingInstructionHandler = instruction
        self._open = [_Open(DOCUMENT, 1)]
        self._div = Spelling()

    def read(self, text: str) -> dict[str, Any]:
        self._hear(self._start, self._end, self._text)
        try:
            self._parser.Parse(text, True)
        except expat.ExpatError as error:
            raise not_well_formed(error, self._path()) from None
        except NotXhtmlError:
            says = f"A narrative holds elements of {XHTML} only (txt-1)."
            raise fault(Category.UNPROCESSABLE, "invariant", says, self._path()) from None
        finally:
            # The parser holds our methods and we hold the parser: apart, both are gone at once.
            self._hear(None, None, None)
        return self._open[0].content

    def _hear(self, start: Any, end: Any, text: Any) -> None:
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end
        self._parser.CharacterDataHandler = text

    def _path(self) -> str:
        """The FHIRPath of the innermost element; a resource within another has no name of its own."""
        path = ""
        for parent, child in pairwise(self._open):
            if parent.slot.type == HOLDER:
                path = path or child.slot.type
            else:
                at = f"[{len(parent.content.get(child.slot.name, ()))}]" if child.slot.many else ""
                path += f".{child.slot.label}{at}"
        return path

    # -- elements --------------------------------------------------------------------------

    def _start(self, name: str, attributes: list[str]) -> None:
        parent = self._open[-1]
        slot = parent.inside.elements.get(name)
        if slot is None:
            raise unknown_element(parent.inside, name, self._path())
        if parent.last is not None and (slot.position <= parent.last.position):
            self._demand_order(parent.last, slot)
        parent.last = slot
        one = _Open(slot, parent.level + (parent.slot.type != HOLDER) + slot.many)
        self._open.append(one)
        if one.level > DEPTH:
            raise fault(Category.INCORRECT, "too-costly", f"Nested deeper than {DEPTH} levels of JSON.")
        if slot.type == "xhtml":
            self._begin_div(name, attributes)
        elif attributes:
            self._take(one, attributes)

    def _demand_order(self, last: Slot, slot: Slot) -> None:
        """Elements stand in the order of the definitions, those of one name together (xml.html)."""
        if slot.position < last.position:
            says = f"In XML elements have an order: '{slot.name}' stands before '{last.name}'."
            raise structure(says, f"{self._path()}.{slot.label}")
        if self._open[-1].slot.type == HOLDER:
            raise structure("One resource stands here.", self._path())
        if slot is last and not slot.many:
            raise structure("This element may be given once.", f"{self._path()}.{slot.label}")

    def _take(self, one: _Open, attributes: Sequence[str]) -> None:
        for name, text in zip(attributes[::2], attributes[1::2], strict=True):
            slot = one.inside.attributes.get(name)
            if slot is None:
                raise unknown_attribute(one.inside, self._path())
            if name == "value":
                one.value = self._value(text, slot, one.slot.name)
            else:
                one.content[name] = self._value(text, slot, name, f".{name}")

    def _value(self, text: str, slot: Slot, name: str, tail: str = "") -> Any:
        try:
            return value_of(text, slot.type, name)
        except Fault as failure:
            path = self._path() + tail
            raise Fault(failure.category, *(replace(each, path=path) for each in failure.issues)) from None

    def _end(self, _: str) -> None:
        one = self._open[-1]
        if not one.content and one.value is None:
            says = "An element is never empty: it has a value, children or extensions (xml.html)."
            raise structure(says, self._path())
        for name in one.paired:
            _close_pair(one.content, name)
        self._open.pop()
        parent, slot = self._open[-1], one.slot
        if parent.slot.type == HOLDER:
            parent.content = one.content
        elif slot.primitive:
            _add_primitive(parent, one)
        elif slot.many:
            parent.content.setdefault(slot.name, []).append(one.content)
        else:
            parent.content[slot.name] = one.content

    def _text(self, data: str) -> None:
        if data.strip(WHITE):
            says = "Text stands in a narrative only; a value is the attribute 'value' of its element."
            raise structure(says, self._path())

    # -- the narrative ---------------------------------------------------------------------

    def _begin_div(self, name: str, attributes: list[str]) -> None:
        self._div = Spelling()
        self._div.start(name, attributes)
        self._hear(self._div.start, self._end_in_div, self._div.characters)

    def _end_in_div(self, name: str) -> None:
        self._div.end(name)
        if self._div.depth == 0:
            one = self._open[-1]
            one.value = self._value(self._div.text, one.slot, one.slot.name)
            self._hear(self._start, self._end, self._text)
            self._end(name)


# -- arrays of primitives (json.html) --------------------------------------------------------


def _add_primitive(parent: _Open, one: _Open) -> None:
    """The value under its name; id and extensions under ``_name``."""
    name, content = one.slot.name, parent.content
    companion = f"_{name}"
    if not one.slot.many:
        content.update({name: one.value} if one.value is not None else {})
        content.update({companion: one.content} if one.content else {})
        return
    values = content.setdefault(name, [])
    if one.content:
        if companion not in content:
            content[companion] = []
            parent.paired.append(name)
        content[companion] += [None] * (len(values) - len(content[companion])) + [one.content]
    values.append(one.value)


def _close_pair(content: dict[str, Any], name: str) -> None:
    """Both arrays get the same length; where no value was given there is no array of values."""
    values, companions = content[name], content[f"_{name}"]
    companions += [None] * (len(values) - len(companions))
    if all(value is None for value in values):
        del content[name]
