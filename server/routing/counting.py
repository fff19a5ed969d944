"""When an archive is asked how many instances a study has, and what its answers are worth.

An archive takes the study in while we do, so one answer proves nothing: two that agree do, when the later
one is newer than the last object that came. It is asked again while the number grows, and never for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from server.completeness import Counted, Heard

MOST_ASKED = 20
"""Times for one case; what is not known by then, the quiet period decides."""
_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(minutes=10)


def settled(counts: Sequence[Counted], changed_at: datetime) -> bool:
    """Whether the number has stopped growing since the study changed last."""
    numbers = [each for each in counts if each.count is not None]
    if len(numbers) < 2 or numbers[-1].at < changed_at:
        return False
    return numbers[-1].count == numbers[-2].count


def ask_at(counts: Sequence[Counted], changed_at: datetime, now: datetime) -> datetime | None:
    """When the archive is to be asked next; None: what it has said is enough, or it was asked enough."""
    if not counts:
        return now
    if len(counts) >= MOST_ASKED or (settled(counts, changed_at) and counts[-1].count is not None):
        return None
    failures = next((n for n, each in enumerate(reversed(counts)) if each.count is not None), len(counts))
    return counts[-1].at + min(_PAUSE * (1 << failures), _LONGEST_PAUSE)


def ground(heard: Heard) -> dict[str, Any]:
    """What stands in the history of an archive that was asked; nothing where none is."""
    if not heard.archive:
        return {}
    last = heard.counts[-1] if heard.counts else None
    said = {"archive": heard.archive, "asked": len(heard.counts)}
    if last is None:
        return {"archive-count": {**said, "failed": "it has not answered yet"}}
    return {
        "archive-count": {
            **said,
            **_answer(last),
        }
    }


def _answer(last: Counted) -> dict[str, Any]:
    if last.count is None:
        return {"failed": last.why}
    return {"count": last.count, **({"but": last.why} if last.why else {})}
