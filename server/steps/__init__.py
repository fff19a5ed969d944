"""The page to read first: which step carries a case on from which state.

Each step takes the case file and the present moment, and returns either ``Progress`` (what
happened, what is to be written, all committed together by the worker) or ``Wait`` (nothing
happened; look again at a stored due date). A step calls the rooms; no room calls another.
"""

from __future__ import annotations

from collections.abc import Callable

from server.case import State
from server.ports import Progress
from server.steps.answer import await_report
from server.steps.before import ruled_out
from server.steps.casefile import CaseFile, Wait
from server.steps.chase import await_decision, await_reading
from server.steps.compare import compare
from server.steps.corrected import look_back
from server.steps.end import end
from server.steps.gather import gather, look_again
from server.steps.guard import guard
from server.steps.keep import keep
from server.steps.offer import await_acceptance, offer
from server.steps.owed import in_time, is_owed, owed
from server.steps.read import read_or_lock
from server.steps.refer import refer
from server.steps.resolve import resolve
from server.steps.rest import close, keep_waiting
from server.steps.reveal import await_final, reveal_or_resolve
from server.steps.withdraw import retract
from server.steps.write_up import write_up

Step = Callable[[CaseFile], Progress | Wait]

STEPS: dict[State, Step] = {
    State.RECEIVED: gather,
    State.INCOMPLETE: look_again,
    State.READY: read_or_lock,
    State.RULED_OUT: ruled_out,
    State.COMPARED: compare,
    State.CONCORDANT: resolve,
    State.STANDS: resolve,
    State.AUDIT: refer,
    State.CONFIRMATION: refer,
    State.DISCORDANT: refer,
    State.DECLINED: refer,
    State.NOT_COMPARABLE: refer,
    State.REFERRED: offer,
    State.OFFERED: await_acceptance,
    State.ACCEPTED: await_report,
    State.BLIND_READ: reveal_or_resolve,
    State.REVEALED: await_final,
    State.FINAL_READ: resolve,
    State.RESOLVED: write_up,
    State.WRITTEN_UP: close,
    State.SENT: await_reading,
    State.UNREAD: await_reading,
    State.CONTESTED: await_decision,
    State.CLOSED: look_back,
    State.HELD: keep_waiting,
    State.FAULTED: keep_waiting,
    State.UNRESOLVED: end,
    State.RETRACTED: retract,
    State.KEPT: keep,
}
"""Ended states have no step: rejected, lapsed, withdrawn; closed only notes what comes too late."""


def take_step(file: CaseFile) -> Progress | Wait:
    """Carry the case one step on from where it stands."""
    if not is_owed(file):
        return guard(file) or STEPS[file.case.position.state](file)
    return in_time(file, guard(file) or owed(file) or STEPS[file.case.position.state](file))
