"""One walk through a resource beside all the paths that its type is searched by.

Paths are laid together as a tree of JSON names, so that a resource costs what it holds, not what
its type could hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.fhir.rows.expressions import FIRST, Path
from server.ports import Resource
from server.query import Row


class Found:
    """What a walk has found so far."""

    __slots__ = ("part", "parts", "root", "rows")

    def __init__(self, root: Resource) -> None:
        self.root = root
        self.rows: list[Row] = []
        self.part = 0
        """The part of a composite that is being read; 0 outside."""
        self.parts: dict[str, int] = {}


Emit = Callable[[Any, Found], None]
"""Adds the rows of one value; never raises on a value of its type."""


class Node:
    """Where paths meet: what to do with a value here, and where to go on."""

    __slots__ = ("emits", "first", "inner")

    def __init__(self) -> None:
        self.emits: list[Emit] = []
        self.inner: dict[str, Node] = {}
        self.first: Node | None = None

    def add(self, path: Path, emit: Emit) -> None:
        """Have ``emit`` called with each value at ``path``."""
        node = self
        for step in path.steps:
            node = node.step(step)
        node.emits.append(_guarded(path, emit))

    def step(self, name: str) -> Node:
        """Where ``name`` leads from here."""
        if name == FIRST:
            self.first = self.first or Node()
            return self.first
        return self.inner.setdefault(name, Node())

    def visit(self, value: Any, found: Found) -> None:
        """``value`` may be one or several; what an extension alone stands for (null) is no value."""
        if type(value) is list:
            if self.first is not None and value:
                self.first.visit(value[0], found)
            for each in value:
                if each is not None:
                    self._visit(each, found)
        else:
            self._visit(value, found)

    def _visit(self, value: Any, found: Found) -> None:
        for emit in self.emits:
            emit(value, found)
        if self.inner:
            inner = self.inner
            for name, child in value.items():
                if name in inner:
                    inner[name].visit(child, found)


def _guarded(path: Path, emit: Emit) -> Emit:
    keep, derive = path.keep, path.derive
    if keep is not None:

        def kept(value: Any, found: Found) -> None:
            if keep(value, found.root):
                emit(value, found)

        return kept
    if derive is not None:
        return lambda value, found: emit(derive(value), found)
    return emit
