"""Narrative.div: the XHTML that R4 allows in it (narrative.html, txt-1 and txt-2), by allow-list.

Stricter than txt-1 where XHTML and HTML read the same text differently: what is a comment, a CDATA
section or an unknown entity to one may be live content to the other. Addresses that run code are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.entities import name2codepoint
from xml.parsers import expat

# fmt: off
_ELEMENTS = frozenset((
    "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup",
    "dd", "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol",
    "p", "pre", "q", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "tt", "ul", "var",
))
_ATTRIBUTES = frozenset((
    "abbr", "accesskey", "align", "alt", "axis", "bgcolor", "border", "cellhalign", "cellpadding",
    "cellspacing", "cellvalign", "char", "charoff", "charset", "cite", "class", "colspan", "compact",
    "coords", "dir", "frame", "headers", "height", "href", "hreflang", "hspace", "id", "lang", "longdesc",
    "name", "nowrap", "rel", "rev", "rowspan", "rules", "scope", "shape", "span", "src", "start", "style",
    "summary", "tabindex", "title", "type", "valign", "value", "vspace", "width", "xml:lang", "xmlns",
))
# fmt: on
XHTML = "http://www.w3.org/1999/xhtml"
_SCHEME = re.compile(r"[\x00-\x20]*([A-Za-z][A-Za-z0-9+.\x00-\x20-]*):")
_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel", "ftp", "urn"})
_IMAGE = re.compile(r"data:image/(png|jpeg|gif);", re.ASCII)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*)")
_ENTITIES = frozenset(name2codepoint) | {"apos"}
"""Those of HTML 4; later ones such as &colon; could hide an address that runs code."""
_CODE_IN_STYLE = re.compile(r"javascript:|expression\s*\(|behaviou?r\s*:|-moz-binding|\\", re.IGNORECASE)


class _RefusedError(Exception):
    """Raised from the parser's callbacks to stop at the first thing that is not allowed."""


class _Reader:
    def __init__(self) -> None:
        self.depth = 0
        self.shows_something = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name not in _ELEMENTS or (self.depth == 0 and (name, attributes.get("xmlns")) != ("div", XHTML)):
            raise _RefusedError
        self.depth += 1
        self.shows_something |= name == "img" and "src" in attributes
        for attribute, value in attributes.items():
            if attribute not in _ATTRIBUTES or not _harmless(attribute, value):
                raise _RefusedError

    def text(self, data: str) -> None:
        self.shows_something |= not data.isspace()

    def comment(self, data: str) -> None:
        if ">" in data:
            raise _RefusedError

    def refuse(self, *_: object) -> None:
        raise _RefusedError


def is_safe(div: str) -> bool:
    """True when ``div`` is one XHTML div of formatting only, and not blank."""
    if not _ENTITIES.issuperset(_ENTITY.findall(div)):
        return False
    reader = _Reader()
    # Any DOCTYPE ends the parse below, so no entity is ever defined or expanded.
    parser = expat.ParserCreate()
    # HTML entities such as &nbsp; are allowed and have no definition here: skipped, not an error.
    parser.UseForeignDTD(True)
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.CommentHandler = reader.comment
    parser.StartCdataSectionHandler = reader.refuse
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.ProcessingInstructionHandler = reader.refuse
    try:
        parser.Parse(div, True)
    except (expat.ExpatError, _RefusedError):
        return False
    return reader.shows_something


def _harmless(attribute: str, value: str) -> bool:
    if attribute == "xmlns":
        return value == XHTML  # in another namespace the same names mean other things
    if attribute == "style":
        return not _CODE_IN_STYLE.search(value)
    if attribute in {"href", "src", "cite", "longdesc"}:
        scheme = _SCHEME.match(value)
        return (
            scheme is None
            or scheme[1].lower() in _SAFE_SCHEMES
            or (attribute == "src" and _IMAGE.match(value) is not None)
        )
    return True
