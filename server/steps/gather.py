"""RECEIVED and INCOMPLETE: is everything here that the reader needs?"""

from __future__ import annotations

from datetime import datetime

from server.case import Event
from server.contract import Inputs, weigh
from server.errors import Category, fault
from server.fhir.completeness import completeness_outcome, completeness_output
from server.fhir.evidence import evidence
from server.fhir.opinions import unsigned_gap
from server.fhir.parse import parse
from server.fhir.pens.correspondence import Standing
from server.fhir.terms import Business
from server.fhir.times import moment
from server.model import Comparison, Gap
from server.ports import Progress, Stored
from server.query import Query, Reference, Token
from server.routing.deadlines import lapses_at, passed
from server.steps.ask import to_ask
from server.steps.casefile import WORKER, CaseFile, Moved, Wait, held
from server.steps.imaging import Looked, from_images, inputs_of, looked, registered, taken_up
from server.steps.letters import to_a_person, told
from server.steps.over import called_off
from server.steps.priors import note_priors, wait_for_priors
from server.steps.rights import being_read

_MOST_OBSERVATIONS = 5_000


def gather(file: CaseFile) -> Progress | Wait:
    """RECEIVED: complete, incomplete, or too late to begin."""
    if passed(file.case.due_by, file.now):
        move = Moved(file).note(
            Event.REFUSED, reason="the requested date had passed before any work was done"
        )
        begun = file.task["status"] not in ("requested", "received")  # read anew after a correction
        text = "The requested date has passed."
        over = Standing("failed", Business.EXPIRED, text) if begun else Standing("rejected", None, text)
        return called_off(move, over).progress(None)
    if (unregistered := _unregistered(file)) is not None:
        return unregistered
    seen = looked(file) if from_images(file) else None
    if seen is not None and (not_yet := _not_yet(file, seen)) is not None:
        return not_yet
    gaps = gaps_of(file, weighed(file, seen))
    if gaps:
        return found_incomplete(file, gaps)
    if seen is not None and (until := wait_for_priors(file, seen)) is not None:
        return Wait(until)
    move = Moved(file)
    if seen is not None:
        whole = taken_up(move, seen)
        who = whole.ground.get("by", WORKER)
        told_of = {**whole.told, **note_priors(move, seen)}
        move.note(Event.FOUND_COMPLETE, actor=who, card=True, policy=True, **told_of)
    else:
        move.note(Event.FOUND_COMPLETE, card=True)
    return told(move, being_read(file), via="accepted").at_once()


def look_again(file: CaseFile) -> Progress | Wait:
    """INCOMPLETE: something came, or time has run out."""
    if (unregistered := _unregistered(file)) is not None:
        return unregistered
    seen = looked(file) if from_images(file) else None
    if seen is not None and (not_yet := _not_yet(file, seen)) is not None:
        return not_yet
    gaps = gaps_of(file, weighed(file, seen))
    if not gaps:  # what came in time counts, however late we look
        return Moved(file).note(Event.EVIDENCE_CAME, actor="placer").at_once()
    deadline = lapses_at(file.case.opened_at, file.policy, file.case.due_by)
    if deadline <= file.now and file.latest("comparison", Comparison) is not None:
        return lost_again(file)
    if deadline <= file.now:
        move = Moved(file).note(
            Event.TIME_RAN_OUT, policy=True, reason="what was missing did not come in time"
        )
        return called_off(
            move, Standing("failed", Business.EXPIRED, "What was missing did not come in time.")
        ).progress(None)
    if _texts(gaps) == file.latest("gaps", list[str]) and _told_of(file):
        return Wait(_look_at(file, deadline))
    return Moved(file).note(Event.EVIDENCE_CAME, actor="placer").at_once()


def lost_again(file: CaseFile) -> Progress:
    """Compared once, corrected, and then not completed in time: what was found is not dropped by a clock."""
    reason = "the first report was corrected after it had been compared, and was not completed again in time"
    return to_a_person(held(file, reason), "Corrected after it was compared; a person looks at it.")


def person(file: CaseFile) -> str:
    """What the evidence says of the patient beside values: a model may read age and sex."""
    patient = file.resource(file.case.patient)
    return f"{patient.get('birthDate', '')} {patient.get('gender', '')}"


def weighed(file: CaseFile, seen: Looked | None = None) -> Inputs:
    """The evidence against the reader's contract; ``seen``: the study, where it was looked at already."""
    if from_images(file):
        return inputs_of(file, seen or looked(file))
    codes = tuple((c.system, c.code) for feature in file.card.contract.features for c in feature.codes)
    about = (Reference("patient", (file.case.patient,)), Token("code", codes))
    found = file.tools.shelf.find(Query("Observation", about), _MOST_OBSERVATIONS + 1)
    if len(found) > _MOST_OBSERVATIONS:
        raise fault(
            Category.TOO_LARGE,
            "too-costly",
            f"more than {_MOST_OBSERVATIONS} observations of one patient; narrow them",
        )
    return weigh(
        file.card.contract,
        evidence(file.stored(file.case.patient), found, anchor(file.stored(file.case.report))),
    )


def anchor(report: Stored) -> datetime:
    """The moment that the question is about: what the report says it reports on, else when it was issued.

    A day is no moment; only when the report says none does it count when it came here.
    """
    body = parse(report.body)
    effective = body.get("effectiveDateTime"), body.get("effectivePeriod", {}).get("end")
    said = (moment(text) for text in (*effective, body.get("issued")) if text)
    return next((each for each in said if each is not None), report.updated_at)


def gaps_of(file: CaseFile, inputs: Inputs) -> tuple[Gap, ...]:
    unsigned = unsigned_gap(file.stored(file.case.report), file.tools.shelf.read)
    return (*inputs.gaps, *([unsigned] if unsigned else []))


def found_incomplete(file: CaseFile, gaps: tuple[Gap, ...]) -> Progress:
    items = [{"item": gap.item, "problem": gap.problem} for gap in gaps]
    move = Moved(file).note(Event.FOUND_INCOMPLETE, card=True, gaps=items).lay_down("gaps", _texts(gaps))
    standing = Standing("on-hold", Business.AWAITING_INFORMATION, " ".join(_texts(gaps)))
    move = told(move, standing, contained=[completeness_outcome(gaps)], outputs=[completeness_output()])
    return move.progress(_look_at(file, lapses_at(file.case.opened_at, file.policy, file.case.due_by)))


def _unregistered(file: CaseFile) -> Progress | None:
    """What comes before any look where the evidence is images; None: look."""
    return registered(file) if from_images(file) else None


def _not_yet(file: CaseFile, seen: Looked) -> Progress | Wait | None:
    """What comes before any weighing of images; None: weigh them."""
    if seen.doubt is not None:
        return to_a_person(held(file, seen.doubt), "The images do not fit the order; a person looks at it.")
    if seen.over:
        text = "Not all images of the study came in time."
        move_on = Moved(file).note(Event.TIME_RAN_OUT, policy=True, reason=text)
        return called_off(move_on, Standing("failed", Business.EXPIRED, text)).progress(None)
    if (asking := to_ask(file, seen)) is not None:
        return asking
    return None if seen.quiet_at is None else Wait(seen.quiet_at)


def _look_at(file: CaseFile, deadline: datetime) -> datetime:
    """The deadline, or when waiting for images ends before it."""
    sooner = looked(file).look_at if from_images(file) else None
    return deadline if sooner is None else min(deadline, sooner)


def _told_of(file: CaseFile) -> bool:
    """Whether the EHR's Task says what is missing; after a person resumed the case it does not yet."""
    coded = file.task.get("businessStatus", {}).get("coding", [{}])
    return any(each.get("code") == Business.AWAITING_INFORMATION for each in coded)


def _texts(gaps: tuple[Gap, ...]) -> list[str]:
    return [gap.text for gap in gaps]
