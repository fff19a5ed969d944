"""A write-up put upon the partner's Task as it stands there now (R4 http.html#concurrency). Pure.

The Task is the partner's: what it or its people have written on it since we read it stays, and a
Task that its placer has given up is left as it is.
"""

from __future__ import annotations

from typing import Final

from server.fhir.parse import own
from server.fhir.partner.asking import GIVEN_UP
from server.fhir.write import dump
from server.ports import Resource

_OURS: Final = ("status", "statusReason", "businessStatus")
_STALE: Final = (*_OURS, "text", "lastModified")
"""What no longer holds with another status; the partner's server and its narrative say it anew."""


def whole(task: Resource) -> bool:
    """Whether it says all that a change with If-Match needs."""
    version = task.get("meta", {}).get("versionId")
    return task["resourceType"] == "Task" and isinstance(version, str) and isinstance(task.get("status"), str)


def upon(content: bytes, condition: str, current: Resource) -> bytes:
    """The transaction with its update of the Task that ``condition`` finds made one of this very version."""
    transaction = own(content)
    entries = transaction["entry"]
    at = next(n for n, each in enumerate(entries) if each["request"]["url"] == f"Task?{condition}")
    if current["status"] in GIVEN_UP:
        del entries[at]
        return dump(transaction)
    entry = entries[at]
    place, version = f"Task/{current['id']}", current["meta"]["versionId"]
    entry["resource"] = _merged(current, entry["resource"])
    entry["request"] = {"method": "PUT", "url": place, "ifMatch": f'W/"{version}"'}
    return dump(transaction)


def _merged(current: Resource, written: Resource) -> Resource:
    kept = {name: part for name, part in current.items() if name not in _STALE}
    return kept | {name: part for name, part in written.items() if name in (*_OURS, "output")}
