"""What a patch makes of a resource must be one that an update could have brought (R4 http.html#patch)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from server.errors import Category, fault
from server.fhir.asked import Change
from server.fhir.parse import parse
from server.fhir.validate import check
from server.fhir.write import dump
from server.ports import Resource

Edit = Callable[[Any], Any]
"""What it makes of a document, which it may change."""

_SORTED = msgspec.json.Encoder(decimal_format="number", order="sorted")
_THE_SERVERS = ("versionId", "lastUpdated")
_BESIDE_THE_DATA = ("text", "meta")


def amended(type_: str, edit: Edit, limit: int) -> Change:
    """``edit`` as a change of resources of one type; one that changes nothing gives the very same object."""

    def change(before: Resource) -> Resource:
        edited = edit(copied(before))
        if _same(before, edited):
            return before
        _demand_own_place(before, edited)
        after = parse(dump(_narrated(before, edited)), limit=limit)
        check(after, type_)
        return after

    return change


def copied(value: Any) -> Any:
    """The same value in objects and arrays of its own."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


def _same(one: Any, other: Any) -> bool:
    """Alike to the digit: 1.10 is not 1.1."""
    return _SORTED.encode(one) == _SORTED.encode(other)


def _demand_own_place(before: Resource, after: Any) -> None:
    """Type, id and version say which resource this is; no patch says otherwise."""
    if not isinstance(after, dict):
        raise fault(Category.UNPROCESSABLE, "structure", "the patch leaves no resource")
    kind = before["resourceType"]
    for name in ("resourceType", "id"):
        if after.get(name) != before[name]:
            raise fault(
                Category.FORBIDDEN, "forbidden", f"{name} is not changed by a patch", f"{kind}.{name}"
            )
    old, new = before.get("meta", {}), after.get("meta", {})
    for name in _THE_SERVERS:
        if not isinstance(new, dict) or new.get(name) != old.get(name):
            text = f"meta.{name} is the server's; send the rest of the patch without it"
            raise fault(Category.FORBIDDEN, "forbidden", text, f"{kind}.meta.{name}")


def _narrated(before: Resource, after: Resource) -> Resource:
    """A generated narrative that the patch did not mend could say what is no longer so: it goes.

    One with words of an author in it is theirs to mend (R4 http.html#patch: "not clinically unsafe").
    """
    text = after.get("text")
    if text is None or not _same(text, before.get("text")) or _same(_data(before), _data(after)):
        return after
    status = text.get("status") if isinstance(text, dict) else None
    if status == "additional":
        raise fault(
            Category.UNPROCESSABLE,
            "business-rule",
            "the narrative holds an author's own words; patch text as well, or remove it",
            f"{before['resourceType']}.text",
        )
    if status == "empty":
        return after
    return {name: value for name, value in after.items() if name != "text"}


def _data(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name not in _BESIDE_THE_DATA}
