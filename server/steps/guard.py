"""What stops a case wherever it stands: its placer withdraws it, or what it rests on has changed."""

from __future__ import annotations

from server.case import Ai, Event, First, State
from server.model import ResourceKey
from server.ports import Progress
from server.steps.casefile import REMINDER, CaseFile, Moved, held
from server.steps.letters import held_letter

_WITHDRAWABLE = (State.RECEIVED, State.INCOMPLETE, State.READY, State.HELD, State.FAULTED)
_RESTING_ON_READS = (
    State.READY,
    State.COMPARED,
    State.CONCORDANT,
    State.AUDIT,
    State.DISCORDANT,
    State.DECLINED,
    State.NOT_COMPARABLE,
    State.REFERRED,
    State.OFFERED,
    State.ACCEPTED,
)


def guard(file: CaseFile) -> Progress | None:
    """The move that comes before any other, or None."""
    state = file.case.position.state
    if state in _WITHDRAWABLE and file.task["status"] in ("cancelled", "entered-in-error"):
        return Moved(file).note(Event.WITHDRAWN, actor="placer").progress(None)
    if state in _RESTING_ON_READS and (changed := _superseded(file)):
        return _hold(file, changed)
    return None


def _superseded(file: CaseFile) -> list[str]:
    """Versions that replaced what was read, and that no person has looked at yet."""
    seen = {key for keys in file.tools.files.facts(file.case.id, "superseded", list[str]) for key in keys}
    return [new for key in _pinned(file) if (new := _newer(file, key)) and new not in seen]


def _pinned(file: CaseFile) -> list[ResourceKey]:
    position, pinned = file.case.position, list[ResourceKey]()
    if position.ai is not Ai.AWAITED:
        pinned += file.ai_read.sources
    if position.first is First.LOCKED:
        pinned.append(file.first_read.report)
    return pinned


def _newer(file: CaseFile, key: ResourceKey) -> str | None:
    current = file.stored(str(key))
    if current.version == key.version:
        return None
    return ResourceKey(key.type, key.id, current.version).versioned


def _hold(file: CaseFile, changed: list[str]) -> Progress:
    reason = (
        "what this case was read from has been corrected; decide whether it stands, or is to be read anew"
    )
    move = held(file, reason, changed=changed).lay_down("superseded", changed)
    return held_letter(move, "Corrected after it was read; a person looks at it.").progress(
        file.now + REMINDER
    )
