"""Who asks, and what they may do: SMART scopes v2 as values (SMART App Launch 2.x, scopes).

Every request has a caller. Without access control it is ``EVERYBODY``; whoever composes a search adds what
the caller may see, type by type, so that nothing else is found, counted, included or led through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_SCOPE = re.compile(
    r"system/(?P<type>\*|[A-Z][A-Za-z]{1,39})\.(?P<letters>c?r?u?d?s?|read|write|\*)(?:\?(?P<query>[!-~]{1,500}))?"
)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_MOST = 100


class Deed(StrEnum):
    """What a scope's letter allows."""

    CREATE = "c"
    READ = "r"
    """read, vread, history of one resource"""
    UPDATE = "u"
    """update and patch"""
    DELETE = "d"
    SEARCH = "s"
    """search, history of a type and of everything"""


@dataclass(frozen=True, slots=True)
class Scope:
    """``system/Type.cruds?query``."""

    type: str
    """A resource type, or ``*``."""
    letters: str
    query: str = ""
    """Search criteria that a resource must meet; empty for all of the type."""

    def covers(self, type_: str, deed: Deed) -> bool:
        return self.type in ("*", type_) and deed.value in self.letters

    def __str__(self) -> str:
        return f"system/{self.type}.{self.letters}" + (f"?{self.query}" if self.query else "")


def scopes_of(text: str) -> tuple[Scope, ...]:
    """The scopes of a space-separated list; version 1 (``.read``, ``.write``, ``.*``) is read as version 2.

    Raises:
        ValueError: one is not of the form that is granted here, with which it is.
    """
    words = text.split()
    if len(words) > _MOST:
        raise ValueError(f"at most {_MOST} scopes are read")
    return tuple(_scope(word, number) for number, word in enumerate(words, start=1))


def _scope(word: str, number: int) -> Scope:
    match = _SCOPE.fullmatch(word)
    letters = _VERSION_1.get(match["letters"], match["letters"]) if match else ""
    if match is None or not letters:
        raise ValueError(f"scope {number} is not of the form system/Type.cruds, letters in that order")
    return Scope(match["type"], letters, match["query"] or "")


@dataclass(frozen=True, slots=True)
class Caller:
    """One system, as it has proved who it is."""

    client: str
    """client_id; empty when nobody is told apart."""
    name: str
    scopes: tuple[Scope, ...]
    roles: frozenset[str] = frozenset()
    """``auditor`` may read AuditEvents; ``operator`` may withdraw opinions."""
    speaks_for: frozenset[str] = frozenset()
    """``Type/id`` that this system acts for: a specialist's PractitionerRole, an EHR's Organization."""

    def may(self, type_: str, deed: Deed) -> bool:
        """Whether some scope covers the deed, perhaps only for part of the type."""
        return any(scope.covers(type_, deed) for scope in self.scopes)

    def only(self, type_: str, deed: Deed) -> tuple[str, ...] | None:
        """The criteria of which a resource must meet one; None for all of the type, empty for nothing."""
        covering = [scope for scope in self.scopes if scope.covers(type_, deed)]
        if any(not scope.query for scope in covering):
            return None
        return tuple(dict.fromkeys(scope.query for scope in covering))


EVERYBODY = Caller("", "nobody is told apart", (Scope("*", "cruds"),), frozenset({"auditor", "operator"}))
"""The caller of a server without access control, which listens on its own machine only."""
