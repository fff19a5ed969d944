"""How cases turned out, in a report for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.routing.printing import line, share
from server.routing.told import HIDDEN

_WHO = {"first": "first reader", "model": "model", "end": "what the case ended with"}
_UNTIL = {"later": "later"}


def outcome_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Of one question and one model version."""
    found = told["outcomes"]
    yield "how cases turned out, where somebody has told it (no lot of all cases: who comes back is told of)"
    yield line("cases in whole lots", found["known"])
    yield line("  present", found["present"])
    yield line("  absent", found["absent"])
    yield from _parts(
        {f"known {_UNTIL.get(name, f'within {name}')}": n for name, n in found["within"].items()}
    )
    yield from _parts({f"by {basis}": n for basis, n in found["basis"].items()})
    for who, words in _WHO.items():
        for rate, figure in found[who].items():
            yield line(f"  {words}, {rate}", share(figure))
    yield line("  the model was overruled, and was right", share(found["overruledThenRight"]))
    yield line("  first reader and model both missed it", share(found["bothMissed"]))


def _parts(counts: Mapping[str, object]) -> Iterator[str]:
    """Those that are told; that there are others, if there may be."""
    told = {words: count for words, count in counts.items() if isinstance(count, int)}
    for words, count in told.items():
        if count:
            yield line(f"    {words}", count)
    if len(told) < len(counts):
        yield line("    others", HIDDEN)
