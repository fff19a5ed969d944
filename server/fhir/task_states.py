"""Task.status: the transitions we enforce (R4 task.html#statemachine; HL7 Clinical Order Workflows)."""

from __future__ import annotations

from collections import deque

TRANSITIONS: dict[str, frozenset[str]] = {
    "draft": frozenset({"requested", "cancelled", "entered-in-error"}),
    "requested": frozenset({"received", "accepted", "rejected", "cancelled", "failed", "entered-in-error"}),
    "received": frozenset({"accepted", "rejected", "on-hold", "cancelled", "entered-in-error"}),
    "accepted": frozenset(
        {"in-progress", "ready", "on-hold", "completed", "failed", "cancelled", "entered-in-error"}
    ),
    "ready": frozenset({"in-progress", "on-hold", "cancelled", "entered-in-error"}),
    "in-progress": frozenset({"on-hold", "completed", "failed", "ready", "entered-in-error"}),
    "on-hold": frozenset(
        {"received", "accepted", "ready", "in-progress", "failed", "cancelled", "entered-in-error"}
    ),
    "rejected": frozenset(),
    "cancelled": frozenset(),
    "failed": frozenset(),
    "completed": frozenset(),
    "entered-in-error": frozenset(),
}
"""``requested`` may fail when an offer to a specialist runs out unanswered, and an ``accepted`` read
may be completed at once: R4 calls its own diagram typical, not exhaustive."""

CANCELLABLE = frozenset({"requested", "received", "accepted", "on-hold"})
"""A placer may cancel directly only until work has begun (Clinical Order Workflows)."""


def may(now: str, then: str) -> bool:
    return then in TRANSITIONS.get(now, frozenset())


def path(now: str, then: str) -> tuple[str, ...]:
    """The shortest legal way from one status to another, without the first; empty when already there.

    Raises:
        ValueError: there is none.
    """
    if now == then:
        return ()
    seen = {now}
    queue: deque[tuple[str, tuple[str, ...]]] = deque([(now, ())])
    while queue:
        status, way = queue.popleft()
        for following in sorted(TRANSITIONS[status] - seen):
            if following == then:
                return (*way, following)
            seen.add(following)
            queue.append((following, (*way, following)))
    raise ValueError(f"Task.status cannot go from {now} to {then}")
