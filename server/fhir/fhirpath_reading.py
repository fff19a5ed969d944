"""The part of FHIRPath that names places in a resource, as text -> steps; no more is understood.

Element names, ``[n]``, ``first()``, ``last()``, ``single()``, ``ofType(Type)``, ``extension('url')`` and
``where(...)`` with comparisons to literals, ``exists()``, ``and`` and ``or``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from server.errors import Category, Fault, fault
from server.fhir.fhirpath_place import (
    Condition,
    Path,
    Step,
    all_of,
    any_of,
    at,
    compares,
    exists,
    named,
    of_type,
    single,
    where,
)

CHARACTERS = 1_000
_ACCEPTED = (
    "element names, [n], first(), last(), single(), ofType(Type), extension('url'), "
    "where(path = literal), exists(), and, or"
)
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<date>@[0-9T:.+\-Z]+)|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<name>\$this|[A-Za-z][A-Za-z0-9]*)|(?P<sign>!=|[.\[\]()=]))",
    re.ASCII,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_END = ("", "")
_EXISTS = ("name", "exists")


def understood(text: str, kind: str) -> Path:
    """The path that ``text`` is, in a resource of type ``kind``.

    Raises:
        Fault: UNPROCESSABLE, saying what is understood.
    """
    if len(text) > CHARACTERS:
        raise fault(Category.UNPROCESSABLE, "too-long", f"a path has at most {CHARACTERS} characters")
    parser = _Parser(list(_tokens(text)))
    if parser.ahead[1] in (kind, "Resource", "DomainResource"):
        parser.take()
        if parser.ahead == _END:
            return Path((), None)
        parser.sign(".")
    steps, last = parser.steps()
    if parser.ahead != _END:
        raise _not_understood()
    return Path(tuple(steps), last)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _not_understood()
        yield match.lastgroup, match[match.lastgroup]
        position = match.end()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0
        self._levels = 0

    @property
    def ahead(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else _END

    def take(self) -> tuple[str, str]:
        token = self.ahead
        self._position += 1
        return token

    def sign(self, sign: str) -> None:
        """Take this sign, which must be there."""
        if self.take()[1] != sign:
            raise _not_understood()

    def steps(self) -> tuple[list[Step], str | None]:
        """Steps up to what cannot be one, and the name that they end with."""
        steps: list[Step] = []
        last: str | None = None
        while True:
            if self.ahead == ("sign", "["):
                steps.append(self._index())
                last = None
            else:
                found, last = self._step()
                steps += found
            if self.ahead[1] == ".":
                self.take()
                if self.ahead == _EXISTS:
                    return steps, None
            elif self.ahead != ("sign", "["):
                return steps, last

    def _index(self) -> Step:
        self.take()
        kind, text = self.take()
        if kind != "number" or not text.isdigit() or len(text) > 9:
            raise _not_understood()
        self.sign("]")
        return at(int(text))

    def _step(self) -> tuple[list[Step], str | None]:
        kind, name = self.take()
        if kind != "name":
            raise _not_understood()
        if self.ahead != ("sign", "("):
            return ([], None) if name == "$this" else ([named(name)], name)
        self.take()
        found = self._function(name)
        self.sign(")")
        return found, None

    def _function(self, name: str) -> list[Step]:
        match name:
            case "first":
                return [at(0)]
            case "last":
                return [lambda nodes, _: nodes[-1:]]
            case "single":
                return [single]
            case "ofType" if self.ahead[0] == "name":
                return [of_type(self.take()[1])]
            case "extension" if self.ahead[0] == "string":
                url = _text(self.take()[1])
                return [named("extension"), where(compares((named("url"),), url, same=True))]
            case "where":
                return [where(self._condition())]
        raise _not_understood()

    def _condition(self) -> Condition:
        """``and`` binds before ``or``."""
        self._levels += 1
        if self._levels > 8:
            raise _not_understood()
        alternatives = [[self._term()]]
        while self.ahead in (("name", "and"), ("name", "or")):
            if self.take()[1] == "and":
                alternatives[-1].append(self._term())
            else:
                alternatives.append([self._term()])
        self._levels -= 1
        return any_of([all_of(each) for each in alternatives])

    def _term(self) -> Condition:
        steps = [] if self.ahead == _EXISTS else self.steps()[0]
        if self.ahead == _EXISTS:
            self.take()
            self.sign("(")
            self.sign(")")
            return exists(tuple(steps))
        operator = self.take()[1]
        if operator not in ("=", "!="):
            raise _not_understood()
        return compares(tuple(steps), self._literal(), same=operator == "=")

    def _literal(self) -> Any:
        kind, text = self.take()
        match kind:
            case "string":
                return _text(text)
            case "number":
                return Decimal(text)
            case "date":
                return text[1:]
        if text in ("true", "false"):
            return text == "true"
        raise _not_understood()


def _text(quoted: str) -> str:
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), quoted[1:-1])


def _not_understood() -> Fault:
    return fault(
        Category.UNPROCESSABLE, "not-supported", f"this path is not understood; accepted: {_ACCEPTED}"
    )
