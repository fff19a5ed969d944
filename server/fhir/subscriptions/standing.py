"""What becomes of a Subscription by itself: greeted, given up, over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from server.fhir.parse import own
from server.fhir.stamp import stamped
from server.notices import Standing
from server.ports import ResourceWrite, Stored

Look = Callable[[str, str], Stored | None]


def become(look: Look, id_: str, standing: Standing, at: datetime, error: str = "") -> list[ResourceWrite]:
    """The version that says how it stands; none when it does already, or is off, or gone."""
    stored = look("Subscription", id_)
    if stored is None:
        return []
    before = own(stored.body)
    if before["status"] in (standing, Standing.OFF):
        return []
    kept = {name: part for name, part in before.items() if name != "error"}
    after = {**kept, "status": standing.value, **({"error": error} if error else {})}
    return [stamped(after, stored.id, stored.version + 1, max(at, stored.updated_at))]
