"""What is refused in FHIR XML, and what to say: names of R4 only, never what was sent (R4 xml.html)."""

from __future__ import annotations

from xml.parsers import expat

from server.errors import Category, Fault, fault
from server.fhir.bindings import RESOURCES
from server.fhir.narrative import XHTML
from server.fhir.parse import element_path
from server.fhir.xml_slots import FHIR, HOLDER, Inside, inside


def declaration(version: str, encoding: str | None, _: int) -> None:
    """Called with the XML declaration; the bytes have been found to be UTF-8 before."""
    if version != "1.0" or (encoding is not None and encoding.upper() != "UTF-8"):
        raise fault(Category.UNSUPPORTED, "not-supported", "The body must be XML 1.0 in UTF-8.")


def document_type(*_: object) -> None:
    """Called where a DOCTYPE begins: nothing of it is read."""
    raise structure("No DOCTYPE is read, and no entities but those of XML itself.")


def instruction(target: str, _: str) -> None:
    """Called with a processing instruction; they are no content and ignored, but for one that runs code."""
    if target == "xml-stylesheet":
        raise structure("A style sheet is no part of a resource and is not accepted.")


def not_well_formed(error: expat.ExpatError, path: str) -> Fault:
    where = f"line {error.lineno}, column {error.offset + 1}"
    if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]:
        return structure(
            f"XML has five named entities; write any other as the character itself ({where}).", path
        )
    return structure(f"The body is not well-formed XML ({where}).", path)


def unknown_element(within: Inside, name: str, path: str) -> Fault:
    """``name`` with its namespace is none of those ``within`` the element at ``path``."""
    namespace, _, local = name.rpartition(" ")
    if f"{XHTML} {local}" in within.elements:
        return structure(f"The namespace of this element is {XHTML}.", f"{path}.{local}")
    if namespace != FHIR:
        return structure(f"The namespace of every element but a div is {FHIR}.", path)
    if within is not inside(HOLDER):
        text = "R4 has no such element here."
        return fault(Category.UNPROCESSABLE, "structure", text, element_path(path, local))
    if local in RESOURCES:
        text = f"Resource types that are read in XML: {', '.join(sorted(within.by_name))}."
        return fault(Category.UNPROCESSABLE, "not-supported", text, path)
    return structure("The name of this element must be a resource type of R4.", path)


def unknown_attribute(within: Inside, path: str) -> Fault:
    known = " and ".join(f"'{name}'" for name in sorted(within.attributes))
    return structure(f"Attributes of this element: {known or 'none'}.", path)


def structure(text: str, path: str = "") -> Fault:
    return fault(Category.INCORRECT, "structure", text, path)
