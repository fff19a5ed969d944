"""Places in a resource, found step by step (R4 fhirpatch.html): nothing leaves the resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from server.errors import Category, fault
from server.fhir.bindings import SHAPES

LOOKS = 1_000_000
"""Elements that the paths of one patch may look at."""


@dataclass(frozen=True, slots=True)
class Node:
    """One element: where it stands in the JSON, what it holds, the R4 type that it has there."""

    path: tuple[str | int, ...]
    value: Any
    type: str
    label: str = ""
    """Its FHIRPath name; empty for the resource itself."""
    owner: str = ""
    """The type of what it stands in."""


class Budget:
    """How many elements may still be looked at."""

    def __init__(self) -> None:
        self._left = LOOKS

    def spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise fault(Category.TOO_LARGE, "too-costly", "the paths of this patch look at too much")


Step = Callable[[list[Node], Budget], list[Node]]
Condition = Callable[[Node, Budget], bool]


@dataclass(frozen=True, slots=True)
class Path:
    """A path as it was understood. ``last`` is the name that it ends with, if it ends with one."""

    steps: tuple[Step, ...]
    last: str | None

    def nodes(self, root: Node, budget: Budget) -> list[Node]:
        return _walk(self.steps, [root], budget)

    def parents(self, root: Node, budget: Budget) -> list[Node]:
        """What the path leads to without its last step."""
        return _walk(self.steps[:-1], [root], budget)


def children(node: Node, name: str) -> Iterator[Node]:
    """The elements of one name below another: ``value`` finds what JSON calls valueQuantity."""
    shape = SHAPES.get(node.type)
    if not isinstance(node.value, dict) or shape is None:
        return
    for json_name, child in node.value.items():
        element = shape.elements.get(json_name)
        if element is None or name not in (element.label, json_name):
            continue
        several = child if isinstance(child, list) else [child]
        for index, one in enumerate(several):
            path = (*node.path, json_name, *((index,) if several is child else ()))
            yield Node(path, one, _type(element.type, one), element.label, node.type)


def _type(name: str, value: Any) -> str:
    named = value.get("resourceType") if name == "Resource" and isinstance(value, dict) else None
    return str(named or name)


def _walk(steps: tuple[Step, ...], nodes: list[Node], budget: Budget) -> list[Node]:
    for step in steps:
        budget.spend(1 + len(nodes))
        nodes = step(nodes, budget)
    return nodes


# -- steps -----------------------------------------------------------------------------------


def named(name: str) -> Step:
    def step(nodes: list[Node], budget: Budget) -> list[Node]:
        found = [child for node in nodes for child in children(node, name)]
        budget.spend(len(found))
        return found

    return step


def at(index: int) -> Step:
    return lambda nodes, _: nodes[index : index + 1]


def of_type(name: str) -> Step:
    return lambda nodes, _: [node for node in nodes if node.type == name]


def single(nodes: list[Node], _: Budget) -> list[Node]:
    if len(nodes) > 1:
        raise fault(Category.UNPROCESSABLE, "multiple-matches", "single() finds more than one element")
    return nodes


def where(condition: Condition) -> Step:
    return lambda nodes, budget: [node for node in nodes if condition(node, budget)]


# -- conditions ------------------------------------------------------------------------------


def compares(steps: tuple[Step, ...], literal: Any, *, same: bool) -> Condition:
    def holds(node: Node, budget: Budget) -> bool:
        found = _walk(steps, [node], budget)
        if len(found) != 1:
            return False  # nothing compares with nothing (FHIRPath, equals)
        return _equal(found[0].value, literal) is same

    return holds


def _equal(value: Any, literal: Any) -> bool:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and isinstance(literal, Decimal):
        return bool(value == literal)
    return type(value) is type(literal) and bool(value == literal)


def exists(steps: tuple[Step, ...]) -> Condition:
    return lambda node, budget: bool(_walk(steps, [node], budget))


def any_of(conditions: list[Condition]) -> Condition:
    return lambda node, budget: any(each(node, budget) for each in conditions)


def all_of(conditions: list[Condition]) -> Condition:
    return lambda node, budget: all(each(node, budget) for each in conditions)
