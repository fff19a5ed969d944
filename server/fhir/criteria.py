"""Search parameters as text -> Criterion values (R4 search.html)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl

from server.errors import Category, fault
from server.fhir.index import PARAMETERS
from server.fhir.references import normal
from server.ports import Criterion
from server.query import Kind

WRITING = frozenset({"_format", "_pretty"})
"""General parameters (R4 http.html#parameters): how the answer is written, not what is looked for."""
_MOST_VALUES = 100
_MOST_IN_ALL = 500
_VALUE = re.compile(r"(?:[^\\,]|\\.?)+", re.DOTALL)
_SIGN = re.compile(r"\\.|\|", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\$,|])")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def parse_query(query: str) -> list[tuple[str, str]]:
    """Name and value pairs of a query string.

    Raises:
        Fault: INCORRECT when it is not one.
    """
    try:
        return parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=100)
    except ValueError as error:
        raise fault(Category.INCORRECT, "value", "the query is not a list of name=value pairs") from error


def known(type_: str, name: str) -> bool:
    return name == "_id" or name in PARAMETERS[type_]


def criterion(type_: str, name: str, text: str, base: str) -> Criterion:
    """One parameter with its OR values; ``base`` is our own, by which a reference may be spelled out.

    Raises:
        Fault: INCORRECT, saying what is accepted.
    """
    if not known(type_, name):
        accepted = ", ".join(["_id", *PARAMETERS[type_]])
        raise fault(
            Category.INCORRECT, "not-supported", f"unknown search parameter for {type_}; accepted: {accepted}"
        )
    if text.count(",") >= _MOST_VALUES:
        raise fault(Category.INCORRECT, "too-costly", f"{name}: 1 to {_MOST_VALUES} values are accepted")
    values = _VALUE.findall(text)
    if not values:
        raise fault(Category.INCORRECT, "value", f"{name}: 1 to {_MOST_VALUES} values are accepted")
    if name == "_id":
        return Criterion(name, tuple((None, each) for each in values))
    if PARAMETERS[type_][name][0] is Kind.REFERENCE:
        return Criterion(name, tuple(("", to) for each in values for to in _targets(name, each, base)))
    return Criterion(name, tuple(_token(name, each) for each in values))


def conditional(type_: str, query: str, base: str) -> tuple[Criterion, ...]:
    """The criteria of a conditional write. Unknown parameters are refused, never ignored.

    Raises:
        Fault: INCORRECT, as an ignored criterion could match a stranger's resource.
    """
    pairs = [pair for pair in parse_query(query.lstrip("?")) if pair[0] not in WRITING]
    if not pairs:
        raise fault(Category.INCORRECT, "required", "a conditional write needs at least one search parameter")
    return many(type_, pairs, base)


def many(type_: str, pairs: Iterable[tuple[str, str]], base: str) -> tuple[Criterion, ...]:
    """Several parameters, all to be met.

    Raises:
        Fault: INCORRECT, also when they hold so many values together that the search itself is the cost.
    """
    found = tuple(criterion(type_, name, text, base) for name, text in pairs)
    if sum(len(each.values) for each in found) > _MOST_IN_ALL:
        text = f"at most {_MOST_IN_ALL} values are accepted in one search"
        raise fault(Category.INCORRECT, "too-costly", text)
    return found


def _targets(name: str, text: str, base: str) -> list[str]:
    """What is meant by Type/id, by an address at our own base, or by an id alone (search.html#reference)."""
    if not _ID.fullmatch(text):
        return [normal(_literal(text).removeprefix(f"{base}/"))]
    return [f"{type_}/{text}" for type_ in (("Patient",) if name == "patient" else PARAMETERS)]


def _token(name: str, text: str) -> tuple[str | None, str]:
    bars = [each.start() for each in _SIGN.finditer(text) if each[0] == "|"]
    if not bars:
        return None, _literal(text)
    system, code = text[: bars[-1]], text[bars[-1] + 1 :]
    if not code:
        raise fault(
            Category.INCORRECT,
            "not-supported",
            f"{name}: a system without a code is not supported; give system|code",
        )
    return _literal(system), _literal(code)


def _literal(text: str) -> str:
    r"""A value as it is meant: ``\,`` is a comma that divides nothing (search.html#escaping)."""
    return _ESCAPED.sub(r"\1", text)
