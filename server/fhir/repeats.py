"""A second-read Task that is sent again: known by its placer's identifier, harmless when it asks the same."""

from __future__ import annotations

from typing import Any

from server.errors import Category, fault
from server.fhir.parse import parse
from server.fhir.references import pointers, relativise
from server.fhir.write import dump
from server.ports import Resource
from server.query import NEVER, Query, Token

_MOST_IDENTIFIERS = 50
_SERVERS_OWN = frozenset({"id", "meta", "lastModified", "text"})


def placer_query(task: Resource) -> Query:
    """How a repeated Task is recognised: any of its identifiers.

    Raises:
        Fault: UNPROCESSABLE when there are more of them than anybody would look for.
    """
    values = tuple(
        (each["system"], each["value"])
        for each in task.get("identifier", [])
        if each.get("system") and each.get("value")
    )
    if len(values) > _MOST_IDENTIFIERS:
        text = f"at most {_MOST_IDENTIFIERS} identifiers of one Task are accepted"
        raise fault(Category.UNPROCESSABLE, "too-costly", text, "Task.identifier")
    return Query("Task", (Token("identifier", values),) if values else (NEVER,))


def same_request(first: Resource, again: Resource, base: str) -> bool:
    """Whether ``again`` asks what ``first`` asked, as it was stored at its first version."""
    return _alike(_asked(first, base), _asked(again, base))


def same_person(here: Resource, sent: Resource) -> bool:
    """Whether a Patient that comes with a repeated order is the one who is here: by any identifier in common.

    Where one of them has none, all of it must be alike.
    """
    known, told = _identifiers(here), _identifiers(sent)
    return bool(known & told) if known and told else _asked(here, "") == _asked(sent, "")


def _identifiers(resource: Resource) -> set[tuple[str, str]]:
    named = resource.get("identifier", [])
    return {(each["system"], each["value"]) for each in named if each.get("system") and each.get("value")}


def _asked(task: Resource, base: str) -> Resource:
    """A copy without what servers add."""
    copy: Resource = parse(dump({k: v for k, v in task.items() if k not in _SERVERS_OWN}))
    relativise(pointers(copy), base)
    return copy


def _alike(first: Any, again: Any) -> bool:
    if isinstance(first, dict) and isinstance(again, dict):
        return first.keys() == again.keys() and all(
            _bundle_local(name, again[name]) or _alike(first[name], again[name]) for name in first
        )
    if isinstance(first, list) and isinstance(again, list):
        return len(first) == len(again) and all(map(_alike, first, again))
    return bool(first == again)


def _bundle_local(name: str, value: Any) -> bool:
    """A repeated transaction names the same things by new urn:uuids; they say nothing of their own."""
    return name == "reference" and str(value).startswith("urn:")
