"""How long a specialist needs for an answer: as the directory says, or as our own ledger has measured it."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from server.model import Specialist
from server.routing.shrinking import expected_time
from server.routing.terms import Terms


def pace(specialist: Specialist, terms: Terms) -> timedelta | None:
    """None: neither stated nor measured."""
    stated = specialist.turnaround
    if not terms.rules.measured or not (track := terms.track(specialist)).waited:
        return stated
    return expected_time(stated or terms.usual, track.waited, track.answered)


def pace_words(specialist: Specialist, terms: Terms) -> str:
    """The same, and how it is known; empty: it is not."""
    needed, track = pace(specialist, terms), terms.track(specialist)
    if needed is None:
        return ""
    if terms.rules.measured and track.waited:
        return f"needs {span(needed)} as measured over {track.answered} answers"
    return f"usually needs {span(needed)}"


@lru_cache(maxsize=1024)
def span(time: timedelta) -> str:
    """A time span in words: ``45 min``, ``1 h 30 min``, ``72 h``."""
    hours, minutes = divmod(int(time.total_seconds()) // 60, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
