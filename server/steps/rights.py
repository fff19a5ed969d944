"""The patient's right to do without a model: asked before it reads, and again until its read is released."""

from __future__ import annotations

from dataclasses import replace

from server.case import Ai, Event, First, may
from server.fhir.admission import is_ai_free
from server.fhir.consent import refused
from server.fhir.pens.correspondence import Standing
from server.fhir.terms import Business
from server.model import Comparison, Gated, Pathway, Preview, Silence
from server.ports import Progress
from server.query import Query, Reference
from server.routing.comparison import barred as comparison_barred
from server.routing.pathways import pathway_of
from server.steps.called_back import called_back
from server.steps.casefile import CaseFile, Moved
from server.steps.preview import hidden_again

_MOST = 200
WANTED = "an independent read without AI was asked for"
BY_POLICY = "the policy asks no model about such a case"
"""Two of the reasons why no model is asked; any other is the patient's refusal."""


def refused_by_patient(file: CaseFile) -> str | None:
    """Why no model takes part, in words without values; None: nothing against it.

    Raises:
        Fault: what the patient has said cannot be read now; then nothing is read by a model either.
    """
    if is_ai_free(file.task):
        return WANTED
    about = Query("Consent", (Reference("patient", (file.case.patient,)),))
    refusal = refused(file.tools.shelf.find(about, _MOST), file.now)
    return None if refusal is None else f"the patient has refused it: {refusal.consent.versioned}"


def why_no_model(file: CaseFile) -> str | None:
    """Why no model is asked, the patient's word first; None: one is."""
    if (reason := refused_by_patient(file)) is not None:
        return reason
    return BY_POLICY if way_of(file) is Pathway.NONE else None


def way_of(file: CaseFile) -> Pathway:
    """The pathway of the case; an assessment that a model is wanted for is read like a second opinion."""
    if file.case.other_model:
        return Pathway.SECOND_READER
    return pathway_of(file.policy, file.task.get("priority", ""))


def being_read(file: CaseFile) -> Standing:
    """What the EHR's Task says meanwhile; not that a model reads where none is asked."""
    if file.case.position.ai is not Ai.AWAITED and file.case.position.first is First.AWAITED:
        if file.latest("gate", Gated) is not None:
            return Standing("in-progress", Business.TO_BE_READ)
        if file.latest("preview", Preview) is not None:
            return Standing("in-progress", Business.AI_SHOWN)
    reads = why_no_model(file) is None
    return Standing("in-progress", Business.AI_RUNNING if reads else Business.BEING_READ)


def barred(file: CaseFile) -> Progress | None:
    """The move by which a read that is not released yet is used by nobody; None: it may be.

    What the model said stays on record under the case's facts, and is shown no more.
    """
    position = file.case.position
    if not may(position, Event.AI_BARRED):
        return None
    reason = refused_by_patient(file)
    if reason is None:
        return None
    move = Moved(file).note(Event.AI_BARRED, actor="patient", sealed=True, reason=reason)
    unused = replace(
        file.ai_read,
        answer=None,
        probability=None,
        contributions=(),
        baseline_log_odds=None,
        film=None,
        reasons=(reason,),
        silence=Silence.NOT_ASKED,
    )
    move.lay_down("ai-read", unused)
    comparison = file.latest("comparison", Comparison)
    if comparison is not None:
        move.lay_down("comparison", comparison_barred(comparison, reason))
    called_back(hidden_again(move, "patient", reason))
    return move.at_once()
