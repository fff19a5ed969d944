"""R4 search, as much of it as the peers offer: tokens and references (R4 search 3.1.1.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from conformance.peers.codes import Resource
from conformance.peers.wire import Refused

Token = tuple[str, str]
Lookup = Callable[[str], Sequence[Token]]

_SPLIT = re.compile(r"(?<!\\),")
_BAR = re.compile(r"(?<!\\)\|")
_ESCAPED = re.compile(r"\\([,|$\\])")
_SHAPING = frozenset({"_format", "_count", "_include", "_offset", "_summary", "_total", "_sort", "_pretty"})
"""Parameters that shape the answer; they never decide what matches."""


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def identifiers(resource: Resource) -> list[Token]:
    """(system, value) of Resource.identifier."""
    found = _list(resource.get("identifier"))
    return [(each.get("system", ""), each.get("value", "")) for each in found]


def tags(resource: Resource) -> list[Token]:
    """(system, code) of meta.tag."""
    return _codings(resource.get("meta", {}).get("tag"))


def _codings(value: Any) -> list[Token]:
    return [(each.get("system", ""), each.get("code", "")) for each in _list(value)]


def _code(resource: Resource) -> list[Token]:
    return [token for each in _list(resource.get("code")) for token in _codings(each.get("coding"))]


_TOKENS: dict[str, Callable[[Resource], list[Token]]] = {
    "_id": lambda resource: [("", resource.get("id", ""))],
    "_tag": tags,
    "_security": lambda resource: _codings(resource.get("meta", {}).get("security")),
    "identifier": identifiers,
    "status": lambda resource: [("", resource.get("status", ""))],
    "code": _code,
}
_REFERENCES: dict[str, tuple[str, ...]] = {
    "patient": ("subject", "patient", "for"),
    "subject": ("subject", "for"),
    "based-on": ("basedOn",),
    "focus": ("focus",),
    "owner": ("owner",),
    "target": ("target",),
}
_UPDATED = "_lastUpdated"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PARAMETERS = dict.fromkeys(_TOKENS, "token") | dict.fromkeys(_REFERENCES, "reference") | {_UPDATED: "date"}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One search parameter: any of ``values`` (OR); several criteria combine with AND."""

    param: str
    modifier: str
    values: tuple[str, ...]

    def token(self, number: int) -> tuple[str | None, str]:
        """(system, code) of one value; system None matches any system, '' matches none."""
        system, bar, code = _halves(self.values[number])
        return (system, code) if bar else (None, system)


def parse(query: str) -> tuple[Criterion, ...]:
    """The criteria of a query string.

    Raises:
        Refused: 400 for a parameter that is not offered; ignoring it would match too much.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    return tuple(_criterion(name, value) for name, value in pairs if name not in _SHAPING)


def fits(resource: Resource, criteria: Iterable[Criterion], lookup: Lookup) -> bool:
    """True when the resource meets every criterion; ``lookup`` gives a resource's identifiers."""
    return all(_meets(resource, each, lookup) for each in criteria)


def _criterion(name: str, value: str) -> Criterion:
    param, _, modifier = name.partition(":")
    kinds = {"token": ("",), "date": ("",), "reference": ("", "identifier", "Patient")}
    allowed = kinds.get(PARAMETERS.get(param, ""), ())
    if modifier not in allowed or not value or (param == _UPDATED and not _is_time(value)):
        offered = ", ".join(sorted(PARAMETERS))
        raise Refused(400, "not-supported", f"this search is not offered; offered parameters: {offered}")
    return Criterion(param, modifier, tuple(_SPLIT.split(value)))


def _halves(value: str) -> tuple[str, bool, str]:
    parts = [_ESCAPED.sub(r"\1", part) for part in _BAR.split(value, maxsplit=1)]
    return parts[0], len(parts) == 2, parts[-1]


def _meets(resource: Resource, criterion: Criterion, lookup: Lookup) -> bool:
    if criterion.param == _UPDATED:
        return _updated(str(resource.get("meta", {}).get("lastUpdated", "")), criterion.values[0])
    wanted = [criterion.token(number) for number in range(len(criterion.values))]
    if criterion.param in _TOKENS:
        return _any_token(_TOKENS[criterion.param](resource), wanted)
    references = [each for name in _REFERENCES[criterion.param] for each in _list(resource.get(name))]
    if criterion.modifier == "identifier":
        return _any_token(_logical(references), wanted)
    return any(_points_at(references, value, lookup) for value in criterion.values)


def _is_time(value: str) -> bool:
    return _DAY.fullmatch(value) is not None or _instant(value.removeprefix("gt")) is not None


def _updated(at: str, value: str) -> bool:
    """Later than an instant, at this one, or on this day; no other date search is offered here."""
    if _DAY.fullmatch(value):
        return at.startswith(value)
    asked, held = _instant(value.removeprefix("gt")), _instant(at)
    if asked is None or held is None:
        return False
    return held > asked if value.startswith("gt") else held == asked


def _instant(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _any_token(found: Iterable[Token], wanted: Sequence[tuple[str | None, str]]) -> bool:
    return any(
        system in (None, has_system) and code in ("", has_code)
        for has_system, has_code in found
        for system, code in wanted
    )


def _logical(references: Iterable[Resource]) -> list[Token]:
    named = [each["identifier"] for each in references if "identifier" in each]
    return [(each.get("system", ""), each.get("value", "")) for each in named]


def _points_at(references: Sequence[Resource], value: str, lookup: Lookup) -> bool:
    """By id, ``Type/id`` or URL; a logical reference counts when it names that very resource."""
    full = value if "/" in value else f"Patient/{value}"
    literal = [each.get("reference", "") for each in references]
    if any(
        each == full or each.endswith(f"/{full}") or full.endswith(f"/{each}") for each in literal if each
    ):
        return True
    known = set(lookup(full))
    return any(token in known for token in _logical(references))
