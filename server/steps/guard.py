"""What stops a case wherever it stands: its placer withdraws it, or what it rests on has changed."""

from __future__ import annotations

from server.case import UNTOLD, Ai, Event, State, is_told, may
from server.fhir.merge import same_but_for_the_patient
from server.fhir.pens.correspondence import Standing
from server.fhir.task_states import ended
from server.fhir.terms import Business
from server.law import LET_BE, TO_REFER
from server.model import ResourceKey
from server.ports import Progress
from server.steps.abort import asked_to_stop
from server.steps.casefile import WORKER, CaseFile, Moved, held
from server.steps.corrected import compared_anew, taken_back
from server.steps.gather import person, weighed
from server.steps.imaging import from_images
from server.steps.letters import held_letter, to_a_person, told
from server.steps.over import called_off
from server.steps.preview import hidden_again
from server.steps.rights import barred, being_read
from server.steps.withdraw import withdrawn_model

_RESTING_ON_VALUES = {State.READY, State.RULED_OUT, *UNTOLD} - {State.BLIND_READ, State.FINAL_READ}
"""A specialist who has answered has seen the values that there were."""
_CALLED_OFF = ("cancelled", "entered-in-error")
_UNCOMPARED = (State.READY, State.RULED_OUT)
_READING = Standing("in-progress", Business.AI_RUNNING)
_STANDING = {
    # Under seal nothing may tell which of these it is.
    **dict.fromkeys((State.READY, State.COMPARED, *LET_BE, *TO_REFER), _READING),
    **dict.fromkeys((State.REFERRED, State.OFFERED), Standing("in-progress", Business.AWAITING_SPECIALIST)),
    **dict.fromkeys(
        (State.ACCEPTED, State.BLIND_READ, State.REVEALED, State.FINAL_READ),
        Standing("in-progress", Business.SPECIALIST_ACCEPTED),
    ),
}
"""What the EHR's Task says in each state that a case may be resumed into; the others tell it themselves."""


def guard(file: CaseFile) -> Progress | None:
    """The move that comes before any other, or None."""
    position, status = file.case.position, file.task["status"]
    if may(position, Event.WITHDRAWN) and not is_told(position) and status in _CALLED_OFF:
        move = Moved(file).note(Event.WITHDRAWN, actor="placer")
        return called_off(move, Standing(status)).progress(None)
    if (asked := asked_to_stop(file)) is not None:
        return asked
    if (ended_with_it := taken_back(file)) is not None:
        return ended_with_it
    if position.state is State.HELD and status != "on-hold" and not ended(status):
        return held_letter(Moved(file), "A person at our side has stopped it and looks at it.").at_once()
    if (unused := barred(file)) is not None:
        return unused
    if (withdrawn := withdrawn_model(file)) is not None:
        return withdrawn
    return _superseded(file) or _told_again(file)


def _told_again(file: CaseFile) -> Progress | None:
    """Once a person has resumed the case, the EHR's Task no longer says that one looks."""
    standing = _STANDING.get(file.case.position.state)
    said = file.task.get("businessStatus", {}).get("coding", [{}])[0].get("code")
    if standing is None or said != Business.AWAITING_COORDINATOR:
        return None
    return told(Moved(file), being_read(file) if standing is _READING else standing).at_once()


def _superseded(file: CaseFile) -> Progress | None:
    """What was read has been replaced by versions that no person has looked at yet."""
    state, position = file.case.position.state, file.case.position
    seen = {key for keys in file.tools.files.facts(file.case.id, "superseded", list[str]) for key in keys}
    values: list[str] = []
    if state in _RESTING_ON_VALUES and position.ai is not Ai.AWAITED:
        values = [new for key in _read_from(file) if (new := _newer(file, key)) and new not in seen]
        values += _other_images(file, seen)
    asked = file.referral is not None and file.referral.open
    if values:
        return _anew(file, values) if state in _UNCOMPARED and not asked else _hold(file, values)
    if state in _UNCOMPARED and position.ai is not Ai.AWAITED and not asked:
        inputs = weighed(file)
        if inputs.digest != file.ai_read.input_digest:  # a laboratory may correct by another Observation
            return _anew(file, [key.versioned for key in inputs.sources])
    if may(position, Event.FIRST_READ_CORRECTED):
        report = _newer(file, file.first_read.report)
        return compared_anew(file) if report and report not in seen else None
    return None


def _other_images(file: CaseFile, seen: set[str]) -> list[str]:
    """Images that came, or were found to be doubtful, after the read; each state of a study is told once."""
    if not from_images(file):
        return []
    inputs = weighed(file)
    name = f"study:{inputs.digest}{'' if not inputs.gaps else ':doubtful'}"
    other = inputs.digest != file.ai_read.input_digest or bool(inputs.gaps)
    return [name] if other and name not in seen else []


def _read_from(file: CaseFile) -> list[ResourceKey]:
    """The versions that the model's read rests on; of the patient's, what a model can see of it."""
    before, patient = file.latest("person", str), file.stored(file.case.patient)
    changed = before is not None and before != person(file)
    people = [ResourceKey(patient.type, patient.id, patient.version - 1)] if changed else []
    return [*file.ai_read.sources, *people]


def _newer(file: CaseFile, key: ResourceKey) -> str | None:
    current = file.stored(str(key))
    before = None if current.version == key.version else file.tools.shelf.read(key.type, key.id, key.version)
    if current.version == key.version or (before and same_but_for_the_patient(before, current)):
        return None
    return ResourceKey(key.type, key.id, current.version).versioned


def _anew(file: CaseFile, changed: list[str]) -> Progress:
    move = Moved(file).note(Event.SUPERSEDED, actor="placer", changed=changed)
    return hidden_again(move, WORKER, "read from values that have been corrected").at_once()


def _hold(file: CaseFile, changed: list[str]) -> Progress:
    reason = "a value that this case was read from has been corrected; decide whether it stands, or is to end"
    move = held(file, reason, changed=changed).lay_down("superseded", changed)
    return to_a_person(move, "Corrected after it was read; a person looks at it.")
