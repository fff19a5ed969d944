"""FHIRPath of search parameters -> paths through JSON whose ends have a known type (R4 searchparameter.html).

A compiler of exactly the constructs that R4's parameters use. Anything else is refused when it is
compiled, not when a resource is met: an expression half understood would find too little, silently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from server.fhir.definitions.elements import SHAPES, Element
from server.ports import Resource

Keep = Callable[[Any, Resource], bool]
"""(value, the whole resource) -> whether a ``where`` lets the value through."""

_AS = re.compile(r"\(([\w.]+) as (\w+)\)")
_STEP = re.compile(
    r"\.?(?:as\((?P<cast>\w+)\)"
    r"|where\(resolve\(\) is (?P<resolved>\w+)\)"
    r"|where\(system='(?P<system>\w+)'\)"
    r"|(?P<name>%?\w+)(?P<first>\[0\])?)"
)
_DONE = re.compile(r"(?P<path>[\w.]+)\.exists\(\) and (?P=path) != false")
_TYPED = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]+)?")
FIRST = "[0]"
"""A step to the first of several, where all others are names."""


@dataclass(frozen=True, slots=True)
class Path:
    """Where values of one type stand."""

    steps: tuple[str, ...]
    """JSON names on the way; none when the value is where the path begins."""
    element: Element
    keep: Keep | None = None
    derive: Callable[[Resource], Any] | None = None
    """Set where the expression does not lead to a value but works one out."""
    from_root: bool = False
    """Begins at the resource, wherever it is asked (``%resource``)."""


def compiled(expression: str, root: str, context: str = "") -> tuple[Path, ...]:
    """The paths of ``expression`` in a resource of type ``root``, for a value of type ``context`` in it.

    Raises:
        ValueError: a construct, or an element, that is not known here.
    """
    if (match := _DONE.fullmatch(expression)) is not None:
        return (_happened(match["path"], root),)
    plain = _AS.sub(r"\1.as(\2)", expression)
    return tuple(path for part in plain.split(" | ") for path in _paths(part, root, context or root))


def _paths(text: str, root: str, context: str) -> list[Path]:
    found, position = [_at(context)], 0
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None or any(path.keep for path in found):
            raise ValueError(f"{root}: {text} is not understood")
        if step["name"] == "%resource":
            found = [replace(_at(root), from_root=True)]
        elif position or step["name"] not in (context, "Resource"):
            found = [after for path in found for after in _after(path, step)]
        position = step.end()
        if not found:
            raise ValueError(f"{root}: {text} leads nowhere")
    return found


def _at(type_: str) -> Path:
    return Path((), Element(type_, type_))


def _after(path: Path, step: re.Match[str]) -> Iterator[Path]:
    if step["cast"]:
        name = path.element.label + step["cast"][0].upper() + step["cast"][1:]
        if path.steps[-1:] == (name,):
            yield path
    elif step["resolved"]:
        yield replace(path, keep=_leads_to(step["resolved"]))
    elif step["system"]:
        yield replace(path, keep=_of_system(step["system"]))
    else:
        yield from _children(path, step["name"], (FIRST,) if step["first"] else ())


def _children(path: Path, label: str, index: tuple[str, ...]) -> Iterator[Path]:
    """The elements of that FHIRPath name: several for a choice of types."""
    shape = SHAPES.get(path.element.type)
    for name, element in shape.elements.items() if shape else ():
        if element.label == label:
            yield replace(path, steps=(*path.steps, name, *index), element=element)


def _happened(text: str, root: str) -> Path:
    """``x.exists() and x != false``, of an element that is told as a boolean or as when it happened."""
    names = [name for path in _paths(text, root, root) for (name,) in [path.steps]]
    present = [*names, *(f"_{name}" for name in names)]

    def derive(resource: Resource) -> bool:
        return any(name in resource for name in present) and not any(
            resource.get(name) is False for name in names
        )

    return Path((), Element("boolean", text.rpartition(".")[2]), derive=derive)


def _of_system(system: str) -> Keep:
    return lambda value, _: value.get("system") == system


def _leads_to(type_: str) -> Keep:
    return lambda value, root: led_to(value, root) == type_


def led_to(reference: Resource, root: Resource) -> str | None:
    """The type of what a Reference leads to, as far as it says; nothing is fetched for it."""
    literal = reference.get("reference", "")
    if literal.startswith("#"):
        held = (each for each in root.get("contained", []) if each.get("id") == literal[1:])
        return next((each.get("resourceType") for each in held), None)
    match = _TYPED.fullmatch(literal)
    return match[1] if match else reference.get("type")
