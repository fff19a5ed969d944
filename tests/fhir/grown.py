"""Resources grown from the tables of R4: of the right shape, with no sense in them.

Every type, every primitive with ids and extensions, null-padded arrays, contained resources and
narratives occur, because the tables say so. ``JUNK`` text is made of what formats trip over.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from server.fhir.bindings import RESOURCES, SHAPES
from server.fhir.parse import number
from server.fhir.primitives import FORMS
from server.fhir.xhtml import canonical

XHTML = "http://www.w3.org/1999/xhtml"
KNOWN = sorted(RESOURCES & SHAPES.keys())
_LETTERS = st.characters(
    codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"
) | st.sampled_from("&<>\"'\\]é\U0001f600\u00a0\x7f\x85\u2028")
JUNK = st.text(_LETTERS | st.sampled_from("\t\n\r "), min_size=1, max_size=8)
"""Of strings: white space anywhere is part of them."""
_DENSE = st.text(_LETTERS.filter(lambda letter: letter.strip(" \t\r\n")), min_size=1, max_size=6)
_DECIMALS = st.from_regex(r"-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
_TEXTS = JUNK.filter(lambda text: "\r" not in text).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace("]]>", "]]&gt;")
)
_DIVS = st.recursive(
    _TEXTS | st.sampled_from(["&nbsp;", "&#233;", "<br/>", "<!-- a -->", "<img src='a' alt='&quot;&#10;'/>"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: f"<p class='x'>{''.join(parts)}</p>"),
    max_leaves=4,
).map(lambda inside: canonical(f"<div xmlns='{XHTML}'>{inside}</div>"))
_OTHERS = {
    "boolean": st.booleans(),
    "decimal": _DECIMALS.map(number),
    "string": JUNK,
    "markdown": JUNK,
    "xhtml": _DIVS,
}


@cache
def primitives(type_name: str) -> st.SearchStrategy[Any]:
    if FORMS[type_name].kinds == (int,):
        return st.integers(-(2**31), 2**31 - 1)
    return _OTHERS.get(type_name, _DENSE)


@cache
def resources(kind: str, depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    return objects(kind, depth).map(lambda grown: {"resourceType": kind, **grown})


@cache
@st.composite
def objects(draw: st.DrawFn, type_name: str, depth: int) -> dict[str, Any]:
    """At least one element; none that nests when ``depth`` is spent."""
    labels = draw(st.lists(st.sampled_from(_labels(type_name, depth)), min_size=1, max_size=3, unique=True))
    grown: dict[str, Any] = {}
    for names in labels:
        grown.update(draw(_element(type_name, draw(st.sampled_from(names)), depth)))
    return grown


@cache
def _labels(type_name: str, depth: int) -> list[tuple[str, ...]]:
    """The JSON names of each element: several for ``value[x]``."""
    names: dict[str, list[str]] = {}
    for name, element in SHAPES[type_name].elements.items():
        if depth > 0 or element.type in FORMS:
            names.setdefault(element.label, []).append(name)
    return [tuple(each) for each in names.values()]


@cache
def _element(type_name: str, name: str, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Under ``name``, and for a primitive perhaps under ``_name``: both, or either."""
    element = SHAPES[type_name].elements[name]
    if element.type not in FORMS:
        inner = _nested(element.type, depth)
        several = st.lists(inner, min_size=1, max_size=2) if element.many else inner
        return several.map(lambda grown: {name: grown})
    value = primitives(element.type)
    attribute = (name == "id" and type_name not in RESOURCES) or (type_name, name) == ("Extension", "url")
    if attribute or element.type == "xhtml":
        return value.map(lambda grown: {name: grown})
    more = objects("Element", min(depth, 1))
    pair = st.tuples(value, st.none()) | st.tuples(value, more) | st.tuples(st.none(), more)
    if not element.many:
        return pair.map(lambda grown: _present(name, grown))
    return st.lists(pair, min_size=1, max_size=3).map(lambda grown: _columns(name, grown))


def _present(name: str, pair: tuple[Any, Any]) -> dict[str, Any]:
    return {key: part for key, part in zip((name, f"_{name}"), pair, strict=True) if part is not None}


def _columns(name: str, pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    """Two arrays of one length, with null where there is nothing; none of nulls alone (json.html)."""
    columns = zip((name, f"_{name}"), zip(*pairs, strict=True), strict=True)
    return {key: list(column) for key, column in columns if any(part is not None for part in column)}


def _nested(type_name: str, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    if type_name == "Resource":
        return st.sampled_from(KNOWN).flatmap(lambda kind: resources(kind, depth - 1))
    return st.deferred(lambda: objects(type_name, depth - 1))
