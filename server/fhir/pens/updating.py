"""An entry of a transaction that was a conditional create, as the update that replaces what it made."""

from __future__ import annotations

from server.fhir.pens.datatypes import Json


def as_update(entry: Json) -> Json:
    """What was created on a condition is updated by the same condition."""
    if entry["request"]["method"] == "PUT":
        return dict(entry["request"])
    return {"method": "PUT", "url": f"{entry['resource']['resourceType']}?{entry['request']['ifNoneExist']}"}
