"""Text as XML 1.0 can hold it: what is escaped, and what it cannot hold at all."""

from __future__ import annotations

import re

# In an attribute a parser turns line breaks and tabs into spaces unless they are written as
# references (XML 1.0 section 3.3.3), and a carriage return into a line feed anywhere (section 2.11).
_ATTRIBUTE = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}
_CONTENT = {mark: text for mark, text in _ATTRIBUTE.items() if mark not in "\t\n"}
_IN_ATTRIBUTE = re.compile('[&<>"\t\n\r]')
_IN_CONTENT = re.compile('[&<>"\r]')
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def attribute(text: str) -> str:
    """``text`` between double quotes."""
    return _IN_ATTRIBUTE.sub(lambda found: _ATTRIBUTE[found[0]], text)


def content(text: str) -> str:
    """``text`` between tags."""
    return _IN_CONTENT.sub(lambda found: _CONTENT[found[0]], text)


def is_xml(text: str) -> bool:
    """Whether all of it are characters that XML has (section 2.2); JSON has a few more."""
    return _NO_CHARACTER.search(text) is None
