"""Groups of a report for people: one line for each group and figure, the comparison with all others below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.routing.printing import line, number, part, share

_NAMES = {"age": "age", "sex": "sex", "device": "device", "site": "the system that sent the case"}
_FIGURES = {
    "discordance": "disagreement rate",
    "yield": "specialist sides with the model",
    "modelSensitivity": "model, sensitivity",
    "modelSpecificity": "model, specificity",
    "modelFalsePositives": "model, false positives among the well",
    "firstSensitivity": "first reader, sensitivity",
    "firstSpecificity": "first reader, specificity",
    "firstFalsePositives": "first reader, false positives among the well",
}
_WIDE = 44


def group_lines(by: str, told: Mapping[str, Any]) -> Iterator[str]:
    """Of one dimension."""
    yield f"by {_NAMES[by]}; others: in no group that is large enough, or not counted in one yet"
    if isinstance(told["compared"], str):
        yield line("both have answered", f"{told['compared']}: no two groups of 10 and more")
        return
    yield "  both have answered"
    for each in told["compared"]:
        yield line(f"  {_name(each)}", each["compared"])
    for name, words in _FIGURES.items():
        relative = "" if name in ("discordance", "yield") else f" ({told['accuracyKind']})"
        if isinstance(told[name], str):
            yield line(f"{words}{relative}", told[name])
            continue
        yield f"  {words}{relative}"
        for each in told[name]:
            yield from _group(each)


def _group(each: Mapping[str, Any]) -> Iterator[str]:
    yield line(f"  {_name(each)}", share(each["share"]))
    own = each["shrunken"]
    if not isinstance(own, str):
        yield line("    drawn towards all", f"{part(own['value'])} (own part {part(own['own'])})")
    apart, times = each["difference"], each["ratio"]
    if isinstance(apart, str):
        yield line("    against all others", apart)
        return
    yield line("    less that of all others", share(apart))
    yield line("    times that of all others", number(times, 2))


def _name(each: Mapping[str, Any]) -> str:
    """Groups that are told as one are named together."""
    names = [name or "others" for name in each["group"]]
    joined = " + ".join(names)
    return joined if len(joined) < _WIDE - 2 else f"{len(names)} groups together"
