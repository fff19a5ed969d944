"""What a replay has found, as it is kept with a proposal and as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from server.routing.interval import wilson
from server.routing.replay import Replayed, Right, Unread


def figures(found: Replayed) -> dict[str, Any]:
    """As JSON."""
    moved = [
        {"before": was, "after": now, "cases": count} for (was, now), count in sorted(found.moved.items())
    ]
    return {
        "cases": found.cases,
        "askedBefore": found.asked_before,
        "askedAfter": found.asked_after,
        "moved": moved,
        "lost": found.lost,
        "known": found.known,
        "sensitivity": _share(found.ill),
        "specificity": _share(found.well),
        "noHuman": {"before": _unread(found.unread_before), "after": _unread(found.unread_after)},
        "shown": {"before": found.shown_before, "after": found.shown_after},
        "devicesLeftOut": found.devices,
    }


def _unread(unread: Unread | None) -> dict[str, int] | None:
    """None: the policy has no gatekeeper."""
    return None if unread is None else asdict(unread)


def _share(right: Right) -> dict[str, int]:
    return {"cases": right.cases, "before": right.before, "after": right.after}


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """For people, from what is kept."""
    cases = told["cases"]
    before, after = (_of(told[key], cases) for key in ("askedBefore", "askedAfter"))
    yield f"{cases} cases: a specialist asked in {before} before, {after} after"
    changed = sum(each["cases"] for each in told["moved"])
    yield f"{changed} cases would have ended otherwise"
    for each in told["moved"]:
        yield f"  {each['before']} -> {each['after']}: {each['cases']}"
    yield (
        f"{told['lost']} in which a specialist has changed the first answer would not be asked any more; "
        f"of {told['known']} cases a specialist's answer is known"
    )
    for name in ("sensitivity", "specificity"):
        yield f"{name} among these (relative, for others were not asked): {_rates(told[name])}"
    # What was kept before there were gatekeepers says nothing of them.
    yield from _without_humans(told.get("noHuman", {}), cases)
    yield from _seen_by_first_readers(told.get("shown", {}))
    if told.get("devicesLeftOut"):
        yield "not replayed: the thresholds of single devices; the cases do not name what made their images"
    if left_out := told.get("ruledOut"):
        yield f"not among these: {left_out} cases that ended here without a human, by a gatekeeper"


def _without_humans(told: Mapping[str, Any], cases: int) -> Iterator[str]:
    sides = [(side, each) for side, each in told.items() if each is not None]
    for side, each in sides:
        yield (
            f"no human reads {_of(each['cases'], cases)} {side}; "
            f"{each['present']} of those ended as present: lost findings"
        )
        if each["unknown"]:
            yield f"  {each['unknown']} more count as read by humans, for their probability is not known"
    if sides:
        yield "  at worst, with all below ruled out: a gatekeeper's cap, lot and proof are not replayed"


def _seen_by_first_readers(told: Mapping[str, int]) -> Iterator[str]:
    if told.get("before"):
        yield (
            f"the first reader sees the model's answer in {told['before']} before; where they did, they may "
            "have followed it, and agreement says less"
        )
    elif told.get("after"):
        yield (
            f"the first reader sees the model's answer in {told['after']} after; what they answered here "
            "they answered without seeing it"
        )


def _rates(share: Mapping[str, int]) -> str:
    cases = share["cases"]
    if not cases:
        return "not known, there is none"
    return f"{_interval(share['before'], cases)} before, {_interval(share['after'], cases)} after"


def _of(count: int, cases: int) -> str:
    return f"{count} ({count / cases:.1%})" if cases else str(count)


def _interval(count: int, cases: int) -> str:
    low, high = wilson(count, cases)
    return f"{count} of {cases}, {count / cases:.1%} ({low:.1%} to {high:.1%})"
