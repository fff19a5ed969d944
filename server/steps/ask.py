"""What an archive is asked while a study is waited for; another thread asks, and the case looks again."""

from __future__ import annotations

from server.completeness import Heard, Matter
from server.images import Study
from server.ports import Progress
from server.routing.arriving import Arriving
from server.routing.counting import ask_at
from server.steps.casefile import CaseFile, Moved
from server.steps.imaging import Looked
from server.steps.inquiring import answers_on, asking
from server.steps.priors import ask_for_priors


def to_ask(file: CaseFile, seen: Looked) -> Progress | None:
    """The move that has an archive asked, before anything is waited for; None: nothing new is to be asked."""
    move = Moved(file)
    _count(move, seen)
    ask_for_priors(move, seen)
    return move.at_once() if move.asks else None


def _count(move: Moved, seen: Looked) -> None:
    """How many instances the study has there, where nobody who knows better has said so."""
    if not isinstance(seen.study, Study) or not isinstance(seen.whole, Arriving) or _told(seen.heard, seen):
        return
    about = {"study": seen.study.named.study}
    before = answers_on(move.file, Matter.COUNT, about)
    if before is not None and before.due_at is not None:
        return
    at = ask_at(seen.heard.counts, seen.study.changed_at, move.file.now)
    if at is not None:
        asking(move, before, Matter.COUNT, about, at)


def _told(heard: Heard, seen: Looked) -> bool:
    return bool(heard.called or heard.steps) or seen.ordered.expected is not None
