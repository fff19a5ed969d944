"""Making one new version of a resource ready to be stored: id, meta, bytes, search values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from server.fhir.index import patient_of
from server.fhir.parse import parse
from server.fhir.references import pointers, targets
from server.fhir.rows.extraction import rows
from server.fhir.spans import span
from server.fhir.write import dump
from server.ports import Method, Resource, ResourceWrite, Stored
from server.times import instant


def stamped(
    resource: Resource,
    id_: str,
    version: int,
    at: datetime,
    method: Method | None = None,
    *,
    references: Iterable[dict[str, Any]] | None = None,
) -> ResourceWrite:
    """``resource`` as version ``version``; the server's id and meta win (R4 http.html#create).

    ``method`` is the one by which it came; our own first versions are POSTs, the others PUTs.
    ``references``: all in the resource, where they have been looked for already.
    """
    moment = instant(at)
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": moment}
    named = {"resourceType": resource["resourceType"], "id": id_, "meta": meta}
    whole = {**named, **{name: value for name, value in resource.items() if name not in named}}
    if whole["resourceType"] == "Task":
        whole["lastModified"] = _modified(whole, at)
    return ResourceWrite(
        type=whole["resourceType"],
        id=id_,
        version=version,
        updated_at=at,
        body=dump(whole),
        index=rows(whole),
        patient=patient_of(whole),
        method=method or (Method.POST if version == 1 else Method.PUT),
        references=targets(pointers(whole) if references is None else references),
    )


def _modified(task: Resource, at: datetime) -> str:
    """Now; but never before the Task was made by its author's clock, which may be before ours (inv-1)."""
    authored = str(task.get("authoredOn", ""))
    covered = span(authored)
    return authored if covered is not None and covered[0] > at else instant(at)


def tombstone(stored: Stored, at: datetime) -> ResourceWrite:
    """The version that says that ``stored`` has been deleted (R4 http.html#delete)."""
    return ResourceWrite(
        type=stored.type,
        id=stored.id,
        version=stored.version + 1,
        updated_at=at,
        body=b"",
        index=(),
        patient=patient_of(parse(stored.body)),
        method=Method.DELETE,
    )
