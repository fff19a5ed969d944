"""Narrative.div in the one spelling that goes in and out as XML.

The same XHTML can be written in many ways: with prefixes, CDATA, single quotes, entities. Here it
has the spelling that the official examples of R4 use: no prefixes, the namespace on the div, double
quotes, ``<br/>``. Comments and processing instructions are no part of a resource (xml.html). Which
elements are allowed in it is not asked here, but by ``narrative``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.entities import name2codepoint
from xml.parsers import expat

from server.fhir.narrative import XHTML
from server.fhir.xml_text import attribute, content

_XML = "http://www.w3.org/XML/1998/namespace"
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})


class NotXhtmlError(ValueError):
    """An element or attribute of another namespace, or no XML at all."""


class Spelling:
    """Takes what the parser finds in a div, names as ``namespace name``; ``text`` is the canonical form."""

    def __init__(self) -> None:
        self.depth = 0
        self._parts: list[str] = []
        self._unclosed = False
        """Whether the ``>`` of the last start tag is still to be written."""

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def start(self, name: str, attributes: Sequence[str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if namespace != XHTML or (self.depth == 0 and local != "div"):
            raise NotXhtmlError
        self._close_tag()
        self._parts.append(f"<{local}" if self.depth else f'<{local} xmlns="{XHTML}"')
        for known, value in zip(attributes[::2], attributes[1::2], strict=True):
            self._parts.append(f' {_attribute_name(known)}="{attribute(value)}"')
        self._unclosed = True
        self.depth += 1

    def end(self, name: str) -> None:
        self.depth -= 1
        if self._unclosed:
            self._parts.append("/>")
            self._unclosed = False
        else:
            self._parts.append(f"</{name.rpartition(' ')[2]}>")

    def characters(self, data: str) -> None:
        self._close_tag()
        self._parts.append(content(data))

    def _close_tag(self) -> None:
        if self._unclosed:
            self._parts.append(">")
            self._unclosed = False


def canonical(div: str) -> str:
    """The canonical spelling of a div that came as a string.

    Raises:
        NotXhtmlError: it is not one well-formed element of XHTML.
    """
    spelling = Spelling()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = spelling.start
    parser.EndElementHandler = spelling.end
    parser.CharacterDataHandler = spelling.characters
    try:
        parser.Parse(_NAMED.sub(_character, div), True)
    except (expat.ExpatError, UnicodeEncodeError):
        raise NotXhtmlError from None
    return spelling.text


def _attribute_name(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    if namespace not in ("", _XML):
        raise NotXhtmlError
    return f"xml:{local}" if namespace else local


def _character(named: re.Match[str]) -> str:
    """In JSON a div may have the entities of HTML; XML knows but five, and FHIR has no DTD to say more."""
    code = None if named[1] in _OF_XML else name2codepoint.get(named[1])
    return named[0] if code is None else f"&#{code};"


def _refuse(*_: object) -> None:
    raise NotXhtmlError
