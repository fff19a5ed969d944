"""READY: the model reads and is sealed; the human's signature locks; when both are done, compare."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace

from server.accesses import Access, Doing
from server.case import Ai, Event, First
from server.contract import Inputs
from server.errors import Category, Fault, fault
from server.fhir.assessing import is_assessment
from server.fhir.opinions import first_read, unsigned_gap
from server.fhir.pens.correspondence import Standing
from server.fhir.terms import Business
from server.images import device_of
from server.model import AiRead, Band, Comparison, FirstRead, Gated, Preview, ResourceKey, Silence
from server.ports import Progress, Stored
from server.routing import comparison
from server.routing.deadlines import first_read_due
from server.routing.thresholds import at_thresholds
from server.steps.assessment import ruling
from server.steps.before import before_first_read
from server.steps.casefile import CaseFile, Moved, Wait, held
from server.steps.gather import found_incomplete, gaps_of, lost_again, person, weighed
from server.steps.letters import to_a_person
from server.steps.over import called_off
from server.steps.rights import why_no_model

_ASKED_AT_MOST = 3
"""Times. A model has 30 s for each, so that a case waits for less than the 5 min of an emergency (S2.8)."""
_NOBODY = "The first report was not signed in time; a person looks at it."
_NO_ANSWER = {
    Category.UNAVAILABLE: ("the model gave no answer in time", Silence.LATE),
    Category.BROKEN: ("the model gave no usable answer", None),
}
"""Either is an answer that nobody may wait for; a case is read by two humans then (S2.1)."""


def read_or_lock(file: CaseFile) -> Progress | Wait:
    """Whichever of the two tracks is still open; then their meeting."""
    position = file.case.position
    if position.ai is Ai.AWAITED:
        return _read(file)
    if position.first is First.AWAITED:
        return before_first_read(file) or _lock(file)
    priority = file.task.get("priority", "")
    policy = ruling(file)
    seen = file.latest("preview", Preview) is not None
    found = comparison.compare(file.first_read, file.ai_read, file.read_card, policy, priority, shown=seen)
    move = Moved(file).note(
        Event.COMPARED,
        sealed=True,
        policy=True,
        verdict=found.verdict,
        reason=found.reason,
        rule=found.rule,
        band=found.band,
        shown=found.shown,
    )
    return move.lay_down("comparison", found).lay_down("policy", policy).at_once()


def _read(file: CaseFile) -> Progress:
    inputs = weighed(file)
    if gaps := gaps_of(file, inputs):  # something was corrected since it was found complete
        return found_incomplete(file, gaps)
    if (reason := why_no_model(file)) is not None:
        return _not_asked(file, inputs, reason)
    withdrawn = _withdrawn(file, inputs)
    read = withdrawn or _answer(file, inputs)
    sources = [key.versioned for key in read.sources]
    move = Moved(file).lay_down("ai-read", read).lay_down("card", file.card).lay_down("person", person(file))
    if file.card.film is not None:
        move.lay_down("films", inputs.films)
    if withdrawn is None:
        move.accesses.append(_inference(file, sources))
    # Both events are sealed: that a model declined is an answer too.
    if read.declined:
        move.note(Event.AI_DECLINED, sealed=True, card=True, reasons=read.reasons, sources=sources)
    else:
        move.note(
            Event.AI_SEALED,
            sealed=True,
            card=True,
            answer=read.answer,
            probability=read.probability,
            inputs=read.input_digest,
            model=read.model_digest,
            sources=sources,
        )
    return move.at_once()


def _answer(file: CaseFile, inputs: Inputs) -> AiRead:
    """What the model says; one that hangs, dies or says what is none is asked again, then no more."""
    try:
        return _own(file, inputs, file.tools.reader(file.card.identity).read(inputs, file.now))
    except Fault as failure:
        if failure.category not in _NO_ANSWER or file.case.attempts + 1 < _ASKED_AT_MOST:
            raise
        reason, silence = _NO_ANSWER[failure.category]
    return replace(_unanswered(file, inputs, reason), silence=silence)


def _own(file: CaseFile, inputs: Inputs, read: AiRead) -> AiRead:
    if read.question != file.case.question or read.model_digest != file.card.model_digest:
        raise fault(Category.BROKEN, "exception", "the reader answered for another question or another model")
    # The film's own checks and the contract's decline without a probability, whatever the thresholds.
    return at_thresholds(read, thresholds_of(file, inputs, read))


def thresholds_of(file: CaseFile, inputs: Inputs, read: AiRead | None = None) -> Band | None:
    """The policy's own, of the device that acquired what was read; None: the card's. For one model only."""
    if file.case.other_model or file.policy.thresholds is None:
        return None
    look = None if read is None else read.film
    films = [each for each in inputs.films if look is not None and each.sop_instance == look.instance]
    return file.policy.thresholds.of(device_of(films[0].header) if films else None)


def _inference(file: CaseFile, sources: Sequence[str]) -> Access:
    """That a model was shown these versions; what it said is nobody's business yet."""
    return Access(
        id=str(uuid.uuid4()),
        at=file.now,
        doing=Doing.INFERENCE,
        name=file.card.title,
        client=file.card.identity,
        what=(file.case.patient, *sources),
    )


def _withdrawn(file: CaseFile, inputs: Inputs) -> AiRead | None:
    """A withdrawn model version is not asked; it declines, so that a human reads."""
    if file.tools.files.withdrawn(file.card.identity) is None:
        return None
    return _unanswered(file, inputs, "this model version has been withdrawn")


def _not_asked(file: CaseFile, inputs: Inputs, reason: str) -> Progress:
    """Two humans read. What was gathered is laid down all the same: the specialist gets it."""
    read = replace(_unanswered(file, inputs, reason), silence=Silence.NOT_ASKED)
    move = Moved(file).lay_down("ai-read", read).lay_down("card", file.card).lay_down("person", person(file))
    if file.card.film is not None:
        move.lay_down("films", inputs.films)
    # Sealed, and under the same names as every read: a specialist is not told why they are asked (S2.4).
    under = file.policy.identity
    return move.note(Event.AI_NOT_ASKED, sealed=True, card=True, reason=reason, under=under).at_once()


def _unanswered(file: CaseFile, inputs: Inputs, reason: str) -> AiRead:
    return AiRead(
        question=file.case.question,
        card=file.card.identity,
        model_digest=file.card.model_digest,
        input_digest=inputs.digest,
        made_at=file.now,
        answer=None,
        probability=None,
        band=thresholds_of(file, inputs) or file.card.band,
        reasons=(reason,),
        sources=inputs.sources,
    )


def _unsigned(file: CaseFile, report: Stored) -> Progress:
    """An assessment of what no human has read, as after a gatekeeper: no first opinion is waited for."""
    key = ResourceKey(report.type, report.id, report.version)
    digest = hashlib.sha256(report.body).hexdigest()
    move = Moved(file).lay_down("first-read", FirstRead(key, digest, file.now, (), (), ()))
    move.note(Event.FIRST_READ_LOCKED, actor="nobody", report=key.versioned, digest=digest)
    return move.at_once()


def _lock(file: CaseFile) -> Progress | Wait:
    report = file.stored(file.case.report)
    read = first_read(report, file.tools.shelf.read)
    if read is not None:
        if gap := unsigned_gap(report, file.tools.shelf.read):  # it said so when it was found complete
            return found_incomplete(file, (gap,))
        move = Moved(file).lay_down("first-read", read)
        move.note(
            Event.FIRST_READ_LOCKED,
            actor=", ".join(read.readers) or "first reader",
            report=read.report.versioned,
            digest=read.digest,
            signed=read.signed_at,
        )
        return move.at_once()
    if is_assessment(file.task):
        return _unsigned(file, report)
    due = first_read_due(file.case.opened_at, file.policy, file.case.due_by)
    if due > file.now:
        return Wait(due)
    if file.latest("comparison", Comparison) is not None:
        return lost_again(file)
    if file.latest("gate", Gated) is not None:
        # Whoever left it to humans sees to it that one reads: no clock drops what the model has said.
        return to_a_person(held(file, "humans were asked to read, and none has signed in time"), _NOBODY)
    move = Moved(file).note(Event.TIME_RAN_OUT, policy=True, reason="the first report was not signed in time")
    return called_off(
        move, Standing("failed", Business.EXPIRED, "The first report was not signed in time.")
    ).progress(None)
