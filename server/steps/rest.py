"""WRITTEN_UP until everything has arrived; HELD and FAULTED until a person resumes the case."""

from __future__ import annotations

from datetime import timedelta

from server.case import Event
from server.ports import Progress
from server.steps.casefile import REMINDER, CaseFile, Moved, Wait
from server.steps.chase import to_be_read
from server.steps.contest import decided, next_look
from server.steps.corrected import noted_late
from server.steps.said import said

LOOK_AFTER = timedelta(hours=1)
"""When a written-up case is looked at again, should the news of a delivery get lost."""


def close(file: CaseFile) -> Progress | Wait:
    """CLOSED, or SENT to be read, when every document is proven received."""
    # A decision is told first: what is contested after it was not looked at yet.
    if (heard := decided(file) or said(file)) is not None:
        return heard
    if file.tools.files.undelivered(file.case.id):
        return Wait(file.now + LOOK_AFTER)
    if (unread := to_be_read(file)) is not None:
        return unread
    move = noted_late(Moved(file).note(Event.DELIVERED))
    return move.progress(next_look(move, None))


def keep_waiting(file: CaseFile) -> Wait:
    """A person must act; the case stays visible and is looked at again."""
    return Wait(file.now + REMINDER)
