"""Making one new version of a resource ready to be stored: id, meta, bytes, search values."""

from __future__ import annotations

from datetime import datetime

from server.fhir.index import patient_of
from server.fhir.rows.extraction import rows
from server.fhir.write import dump
from server.ports import Resource, ResourceWrite
from server.times import instant


def stamped(resource: Resource, id_: str, version: int, at: datetime) -> ResourceWrite:
    """``resource`` as version ``version``; the server's id and meta win (R4 http.html#create)."""
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": instant(at)}
    named = {"resourceType": resource["resourceType"], "id": id_, "meta": meta}
    whole = {**named, **{name: value for name, value in resource.items() if name not in named}}
    if whole["resourceType"] == "Task":
        whole["lastModified"] = instant(at)
    return ResourceWrite(
        type=whole["resourceType"],
        id=id_,
        version=version,
        updated_at=at,
        body=dump(whole),
        index=rows(whole),
        patient=patient_of(whole),
    )
