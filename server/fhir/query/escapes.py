r"""``\,`` ``\|`` ``\$`` and ``\\`` in the values of a search (R4 search.html#escaping)."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\([\\,|$])")


def split(text: str, separator: str) -> list[str]:
    """The parts of ``text`` between separators that are not escaped; the parts are still escaped."""
    if "\\" not in text:
        return text.split(separator)
    parts, begin, at = [], 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == separator:
            parts.append(text[begin:at])
            begin = at + 1
        at += 1
    return [*parts, text[begin:]]


def plain(text: str) -> str:
    """``text`` without its escapes; a backslash before anything else is one."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text
