"""Names that hold within one transaction only, made the names of what its entries came to be.

R4 http.html#trules: references, uris and links in the narrative that name the fullUrl of an entry;
bundle.html#references: a relative reference is one of the server that the entry's own fullUrl names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from server.errors import Category, Fault, Issue
from server.fhir.bindings import SHAPES
from server.fhir.references import every, local
from server.ports import Resource

_RESTFUL = re.compile(r"(https?://\S+)/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_SEARCHED = re.compile(r"([A-Z][A-Za-z]+)\?(.*)", re.DOTALL)
_URIS = frozenset({"canonical", "oid", "uri", "url", "uuid"})
_LINK = re.compile(r"""(\s(?:href|src)=)(["'])(.*?)\2""")


def resolve(resource: Resource, names: Mapping[str, str], full_url: str = "") -> None:
    """Replace the fullUrls of entries by ``Type/id``; ``full_url`` is that of the resource's own entry.

    Raises:
        Fault: UNPROCESSABLE when a ``urn:`` is of no entry.
    """
    root = _RESTFUL.fullmatch(full_url)
    lost = []
    for path, reference in every(resource, resource["resourceType"]):
        target = reference["reference"]
        whole = f"{root[1]}/{target}" if root and local(target) else target
        if whole in names:
            reference["reference"] = names[whole]
        elif target.startswith("urn:"):
            lost.append(Issue("not-found", "the reference names no entry of this transaction", path))
    if lost:
        raise Fault(Category.UNPROCESSABLE, *lost)
    if names:
        _object(resource, resource["resourceType"], names)


def resolve_searched(resource: Resource, find: Callable[[str, str, str], str]) -> None:
    """Replace conditional references by what ``find`` gives for (type, query, path)."""
    for path, reference in every(resource, resource["resourceType"]):
        match = _SEARCHED.fullmatch(reference["reference"])
        if match:
            reference["reference"] = find(match[1], match[2], f"{path}.reference")


def _object(value: dict[str, Any], type_name: str, names: Mapping[str, str]) -> None:
    """Elements of one of the uri types, and narratives; an Identifier's value is a string and stays."""
    shape = SHAPES.get(type_name)
    if shape is None:
        return
    for name, child in value.items():
        element = shape.elements.get(name)
        if element is None:
            continue
        if isinstance(child, list):
            value[name] = [_one(each, element.type, names) for each in child]
        else:
            value[name] = _one(child, element.type, names)


def _one(value: Any, type_name: str, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        _object(value, value["resourceType"] if type_name == "Resource" else type_name, names)
    elif isinstance(value, str) and type_name in _URIS:
        return names.get(value, value)
    elif isinstance(value, str) and type_name == "xhtml":
        return _LINK.sub(lambda m: f"{m[1]}{m[2]}{_link(m[3], names)}{m[2]}", value)
    return value


def _link(address: str, names: Mapping[str, str]) -> str:
    """A link may lead to a place within what it names."""
    whole, mark, place = address.partition("#")
    return f"{names.get(whole, whole)}{mark}{place}"
