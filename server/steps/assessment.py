"""A patient's independent assessment: whom the assessor must be independent of, and the record of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.fhir.assessing import assessors, is_assessment
from server.fhir.pens.correspondence import mint
from server.fhir.pens.datatypes import Json, concept
from server.fhir.terms import BY_BOTH, NOT_SHOWN, OUT_INDEPENDENCE, SHOWN
from server.model import FirstRead, Independence, Looked, Policy, Silence, SpecialistRead
from server.routing.double import doubled
from server.routing.independence import checks, model_checks
from server.routing.terms import terms_of
from server.steps.casefile import CaseFile

_RELEASED = (
    ("DiagnosticReport", "opinion-report"),
    ("Observation", "opinion"),
    ("Provenance", "provenance"),
    ("DocumentReference", "notice"),
)
"""What a released result is made of beside what people have signed, and what each is minted under."""


def opinions_before(file: CaseFile) -> FirstRead:
    """The first read; of an assessment with everybody beside it who has signed on the question before."""
    first = file.first_read
    others = file.tools.earlier(file.case.id).signers if is_assessment(file.task) else ()
    return replace(first, readers=(*first.readers, *others)) if others else first


def looked_before(file: CaseFile) -> Sequence[Looked] | None:
    """Who was shown an earlier opinion on an assessment's question; None: it cannot be known."""
    if not is_assessment(file.task):
        return ()
    earlier = file.tools.earlier(file.case.id)
    ours = (f"{type_}/{mint(each, what)}" for each in earlier.cases for type_, what in _RELEASED)
    named = {file.case.report, *earlier.reports, *ours}
    return file.tools.looked(sorted(named), file.case.patient, file.case.opened_at)


def ruling(file: CaseFile) -> Policy:
    """By which policy the reads are judged; where both are to assess a human does, whatever a model says."""
    policy = doubled(file.policy) if BY_BOTH.code in assessors(file.task) else file.ruling
    if not file.case.other_model:
        return policy
    # Limits that were set for the first model say nothing of the other one's probabilities.
    return replace(policy, confident=None, bands=tuple(e for e in policy.bands if e.probability is None))


def model_independence(file: CaseFile) -> Independence | None:
    """What was checked of the other model; None: none has read."""
    if not file.case.other_model or file.ai_read.silence is Silence.NOT_ASKED:
        return None
    other, before = file.read_card, file.tools.earlier(file.case.id).models
    known = {each.identity: each for each in (*file.tools.cards.values(), *file.tools.others.values())}
    return Independence(other.identity, before, model_checks([known.get(each) for each in before], other))


def independence(file: CaseFile, read: SpecialistRead | None) -> Independence | None:
    """What was checked of the assessor; None: the case is no assessment, or nobody has signed."""
    if read is None or not is_assessment(file.task):
        return None
    directory, before = file.tools.roster(), opinions_before(file)
    terms = terms_of(
        directory,
        first=before,
        policy=file.policy,
        deadline=file.now,
        usual=file.now - file.now,
        now=file.now,
        already=frozenset(),
        looked=looked_before(file),
    )
    return Independence(read.role, before.readers, checks(read.role, directory, terms))


def checked(record: Independence) -> str:
    """For people: what was checked, and what came of it."""
    told = "; ".join(each.words for each in record.checks)
    return f"{'Independent' if record.shown else 'Independence is not shown'}: {told}."


def output(record: Independence) -> Json:
    """Task.output: the label is refused unless everything is known and different."""
    code = SHOWN if record.shown else NOT_SHOWN
    return {"type": concept(OUT_INDEPENDENCE), "valueCodeableConcept": concept(code, text=checked(record))}
