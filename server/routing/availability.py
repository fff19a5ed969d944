"""When a specialist is there: the free spells before a deadline, and when work would be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from server.model import Absence

Spell = tuple[datetime, datetime]


def free_spells(absences: Sequence[Absence], now: datetime, deadline: datetime) -> tuple[Spell, ...]:
    """The times from ``now`` to ``deadline`` outside all absences, in order; empty: none.

    An absence without a start has always been, one without an end goes on (R4 Period); one that
    ends before it starts says nothing and is passed over.
    """
    if not absences:
        return ((now, deadline),) if now < deadline else ()
    spells: list[Spell] = []
    cursor = now
    for start, end in sorted((each.start or now, each.end or deadline) for each in absences):
        if cursor >= deadline:
            return tuple(spells)
        if end <= start:
            continue
        if start > cursor:
            spells.append((cursor, min(start, deadline)))
        cursor = max(cursor, end)
    if cursor < deadline:
        spells.append((cursor, deadline))
    return tuple(spells)


def free_time(spells: Sequence[Spell]) -> timedelta:
    """All free spells together."""
    return sum((end - start for start, end in spells), timedelta(0))


def done_at(spells: Sequence[Spell], needed: timedelta) -> datetime | None:
    """When work that takes ``needed`` would be done within the spells; None: it does not fit."""
    left = needed
    for start, end in spells:
        if left <= end - start:
            return start + left
        left -= end - start
    return None
