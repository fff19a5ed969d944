"""How cases turned out, in a report for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.routing.printing import line, share

_WHO = {"first": "first reader", "model": "model", "end": "what the case ended with"}


def outcome_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Of one question and one model version."""
    found = told["outcomes"]
    yield "how cases turned out, where somebody has told it (no lot of all cases: who comes back is told of)"
    yield line("cases in whole lots", found["known"])
    yield line("  present", found["present"])
    yield line("  absent", found["absent"])
    for window, count in found["within"].items():
        yield line(f"    known {'later' if window == 'later' else f'within {window}'}", count)
    for basis, count in found["basis"].items():
        if count != 0:
            yield line(f"    by {basis}", count)
    for who, words in _WHO.items():
        for rate, figure in found[who].items():
            yield line(f"  {words}, {rate}", share(figure))
    yield line("  the model was overruled, and was right", share(found["overruledThenRight"]))
    yield line("  first reader and model both missed it", share(found["bothMissed"]))
