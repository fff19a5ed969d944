"""What a replay has found, as it is kept with a proposal and as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.routing.interval import wilson
from server.routing.replay import Replayed, Right


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
    }


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
