"""How a figure of a report is printed: aligned, in its unit, with its interval and what it is of."""

from __future__ import annotations

from collections.abc import Mapping

from server.routing.shares import Figure
from server.routing.told import FEW, HIDDEN

_WIDE = 44


def line(words: str, told: object) -> str:
    return f"  {words:<{_WIDE}}  {told}"


def share(found: Figure) -> str:
    if not isinstance(found, Mapping):
        return str(found)
    if "share" in found:
        interval = f"{part(found['low'])} to {part(found['high'])}"
        return f"{part(found['share'])} ({interval}; {found['count']} of {found['of']})"
    if "atMost" in found:
        of = f" of {found['of']}" if "of" in found else ""
        return f"{FEW}{of}: at most {part(found['atMost'])}"
    if "atLeast" in found:
        return f"at least {part(found['atLeast'])} of {found['of']}"
    if "from" in found:
        interval = f"{part(found['low'])} to {part(found['high'])}"
        return f"{part(found['from'])} to {part(found['to'])}, as a number is not told (interval {interval})"
    return f"{part(found['value'])} ({part(found['low'])} to {part(found['high'])})"


def part(found: float | str) -> str:
    return found if isinstance(found, str) else f"{100 * found:.1f} %"


def number(found: Figure, digits: int) -> str:
    if isinstance(found, str):
        return HIDDEN if found == HIDDEN else found
    if isinstance(found, Mapping):
        return f"{found['value']:.{digits}f} ({found['low']:.{digits}f} to {found['high']:.{digits}f})"
    return f"{found:.{digits}f}"
