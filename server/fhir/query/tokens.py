"""Values of token parameters and their modifiers (R4 search.html#token)."""

from __future__ import annotations

from collections.abc import Iterator

from server.fhir.definitions.elements import CODES
from server.fhir.query.escapes import plain, split
from server.fhir.query.named import Named
from server.query import Test, Token

_ACCEPTED = r"code, system|code, system| or |code is accepted; a bar within either is written \|"
_TYPED = r"type-system|type-code|value is accepted; a bar within one of them is written \|"
Pair = tuple[str | None, str | None]


def token(asked: Named, values: list[str]) -> Test:
    pairs = [pair(asked, each) for each in values]
    if asked.types <= {"code"}:
        pairs = [each for told in pairs for each in _implied(asked, *told)]
    return Token(asked.param, tuple(pairs))


def pair(asked: Named, text: str) -> Pair:
    """(system, code); None matches any, an empty system only a code without one."""
    parts = [plain(each) for each in split(text, "|")]
    if len(parts) > 2 or not any(parts):
        raise asked.refused(_ACCEPTED)
    if len(parts) == 1:
        return None, parts[0]
    system, code = parts
    return system, code or None


def typed(asked: Named, values: list[str]) -> Test:
    """``:of-type``: an Identifier by the type of its number."""
    return Token(asked.under("of-type").param, tuple(_typed(asked, each) for each in values))


def _typed(asked: Named, text: str) -> Pair:
    parts = [plain(each) for each in split(text, "|")]
    if len(parts) != 3 or not (parts[1] and parts[2]):
        raise asked.refused(_TYPED)
    return f"{parts[0]}|{parts[1]}", parts[2]


def _implied(asked: Named, system: str | None, code: str | None) -> Iterator[Pair]:
    """An element of type code has no system of its own; the value set that binds it has."""
    codes = _codes(asked).get(system or "") if system else None
    if codes is None:
        yield system, code
    elif code is None:
        yield from (("", each) for each in sorted(codes))
    else:
        yield "" if code in codes else system, code


def _codes(asked: Named) -> dict[str, frozenset[str]]:
    """The code systems of the value sets that bind its elements."""
    bound = [element.codes for element in asked.elements if element.codes]
    return {
        system: codes
        for systems in CODES.values()
        if frozenset().union(*systems.values()) in bound
        for system, codes in systems.items()
    }
