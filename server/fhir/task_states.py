"""Task.status: the transitions we enforce (R4 task.html#statemachine; HL7 Clinical Order Workflows)."""

from __future__ import annotations

from collections import deque

_VOID = "entered-in-error"
TRANSITIONS: dict[str, tuple[str, ...]] = {
    "draft": ("requested", "cancelled", _VOID),
    "requested": ("received", "accepted", "rejected", "cancelled", "failed", _VOID),
    "received": ("accepted", "rejected", "on-hold", "cancelled", _VOID),
    "accepted": ("in-progress", "ready", "on-hold", "completed", "failed", "cancelled", _VOID),
    "ready": ("in-progress", "on-hold", "cancelled", _VOID),
    "in-progress": ("on-hold", "completed", "failed", "ready", _VOID),
    "on-hold": ("accepted", "in-progress", "received", "ready", "failed", "cancelled", _VOID),
    "rejected": (),
    "cancelled": (),
    "failed": (),
    "completed": (),
    _VOID: (),
}
"""``requested`` may fail when an offer to a specialist runs out unanswered, and an ``accepted`` read
may be completed at once: R4 calls its own diagram typical, not exhaustive."""

CANCELLABLE = frozenset({"requested", "received", "accepted", "on-hold"})
"""A placer may cancel directly only until work has begun (Clinical Order Workflows)."""


def ended(status: str) -> bool:
    """Whether nothing but an error can follow: rejected, cancelled, failed, completed, entered-in-error."""
    return not TRANSITIONS[status]


def may(now: str, then: str) -> bool:
    return then in TRANSITIONS.get(now, ())


def path(now: str, then: str) -> tuple[str, ...]:
    """The shortest legal way from one status to another, without the first; empty when already there.

    Among equally short ways the one that the table names first.

    Raises:
        ValueError: there is none.
    """
    if now == then:
        return ()
    seen = {now}
    queue: deque[tuple[str, tuple[str, ...]]] = deque([(now, ())])
    while queue:
        status, way = queue.popleft()
        for following in TRANSITIONS[status]:
            if following == then:
                return (*way, following)
            if following not in seen:
                seen.add(following)
                queue.append((following, (*way, following)))
    raise ValueError(f"Task.status cannot go from {now} to {then}")
