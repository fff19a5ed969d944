"""What was fetched, as the transaction that the partner would have sent (R4 http.html#transaction). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.fhir.parse import own, parse
from server.fhir.partner.translation import as_asked, translated
from server.fhir.write import dump
from server.ports import Resource, Shelf


@dataclass(frozen=True, slots=True)
class Parcel:
    """A transaction, and ``Type/id`` at the partner of each of its entries."""

    bundle: Resource
    entries: list[str]


def parcel(shelf: Shelf, base: str, fetched: Mapping[str, Resource], task: Resource | None) -> Parcel:
    """Only what is new or has changed since it was fetched last; ``task`` None for evidence alone."""
    entries: dict[str, Resource] = {}
    for key, each in fetched.items():
        entry = _entry(shelf, translated(each, base, fetched))
        if entry is not None:
            entries[key] = entry
    if task is not None:
        asked = as_asked(translated(task, base, fetched))
        entries[f"Task/{task['id']}"] = {"resource": asked, "request": {"method": "POST", "url": "Task"}}
    whole = {"resourceType": "Bundle", "type": "transaction"}
    return Parcel({**whole, **({"entry": list(entries.values())} if entries else {})}, list(entries))


def _entry(shelf: Shelf, made: Resource) -> Resource | None:
    place = f"{made['resourceType']}/{made['id']}"
    newest = shelf.newest(made["resourceType"], made["id"])
    request: dict[str, Any] = {"method": "PUT", "url": place}
    if newest is None:
        return {"resource": made, "request": {**request, "ifNoneMatch": "*"}}
    if not newest.deleted:
        if _same(own(newest.body), made):
            return None
        request["ifMatch"] = f'W/"{newest.version}"'
    return {"resource": made, "request": request}


def _same(kept: Resource, made: Resource) -> bool:
    """The same version there; a partner that numbers no versions is taken at its content."""
    source = made["meta"]["source"]
    if "/_history/" in source:
        return bool(kept.get("meta", {}).get("source") == source)
    return _content(kept) == _content(parse(dump(made)))


def _content(resource: Resource) -> Resource:
    return {name: part for name, part in resource.items() if name != "meta"}
