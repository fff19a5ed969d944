"""Turnaround for people: a line for each stage, with what was late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from server.routing.printing import line, part
from server.routing.told import FEW

_STAGES = {
    "firstRead": "request to first read locked",
    "comparison": "locked to compared",
    "offer": "compared to offered",
    "acceptance": "offered to accepted",
    "blindRead": "accepted to blind answer",
    "finalRead": "both shown to final answer",
    "delivery": "result to delivery",
    "reading": "delivered to read",
    "whole": "request to delivery",
    "contest": "contested to decided",
}
_UNITS = (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))


def turnaround_lines(told: Mapping[str, Any]) -> Iterator[str]:
    yield "turnaround: half, 90 % and 95 % took at most (Kaplan and Meier); times of two digits"
    for name, words in _STAGES.items():
        stage = told[name]
        if stage["casesAtLeast"] == FEW:
            yield line(words, FEW)
            continue
        times = " / ".join(_time(stage[each]) for each in ("p50", "p90", "p95"))
        waiting = stage["waitingAtLeast"]
        still = "" if waiting == FEW else f", {waiting} or more of them without an end"
        yield line(words, f"{times}; {stage['casesAtLeast']} or more cases{still}")
        if stage["late"] is not None:
            yield line("  later than the policy allows", _share(stage["late"]))
    yield line("delivered to be read, and not read", _share(told["unread"]))
    yield (
        "  Of specialists' stages and of the whole, cases that have ended alone: where an open case is may\n"
        "  tell what the model said. While many are open these times are too short. Of the first read\n"
        "  and of specialists' stages they are times had nothing else ended the wait: what ran out of time,\n"
        "  was declined or ended with its case counts as lasting longer."
    )


def wait_lines(told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Of one dimension."""
    yield "  request to first read; to delivery: half and 90 % took at most"
    for each in told:
        times = "; ".join(
            f"{_time(each[stage]['p50'])} / {_time(each[stage]['p90'])}" for stage in ("firstRead", "whole")
        )
        yield line(f"  {each['group'][0] or 'others'}", times)


def _time(seconds: float | str) -> str:
    if isinstance(seconds, str):
        return seconds
    unit, long = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    return f"{float(f'{seconds / long:.2g}'):g} {unit}"


def _share(found: Mapping[str, Any] | str) -> str:
    if isinstance(found, str):
        return found
    if "share" in found:
        return f"{_whole(found['share'])} ({_whole(found['low'])} to {_whole(found['high'])})"
    if "atMost" in found:
        return f"{FEW} of {found['casesAtLeast']} or more"
    return f"at least {_whole(found['atLeast'])}"


def _whole(share: float) -> str:
    return part(share).replace(".0 %", " %")
