"""A patient's independent assessment: whom the assessor must be independent of, and the record of it."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from server.fhir.assessing import assessors, is_assessment
from server.fhir.parse import own
from server.fhir.pens.correspondence import mint
from server.fhir.pens.datatypes import Json, concept
from server.fhir.references import normal, pointers, targets
from server.fhir.task_parts import coded
from server.fhir.terms import (
    ASSESSMENT_LATE,
    BY_BOTH,
    CONTEST,
    FINAL_READ,
    NOT_SHOWN,
    OUT_INDEPENDENCE,
    OUTCOME,
    REMINDER,
    SHOWN,
)
from server.fhir.times import moment
from server.model import Earlier, FirstRead, Independence, Looked, Policy, Silence, SpecialistRead
from server.ports import Resource
from server.query import Query, Reference, Token
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
_TELLING = (CONTEST, OUTCOME, FINAL_READ)
_SILENT = (REMINDER, ASSESSMENT_LATE)
"""Words of ours that say of no result what it is."""
_MOST = 1_000
"""Of each that is looked through; where there are more it is not known who was shown them."""


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
    named = dict.fromkeys((file.case.report, *earlier.reports, *ours))
    upon, words = _upon(file, earlier), _words(file, {*named, *earlier.ends})
    if upon is None or words is None:
        return None
    opinions = {**named, **dict.fromkeys(words), **earlier.ends, **upon}
    return file.tools.looked(opinions, file.case.patient, file.case.opened_at)


def _upon(file: CaseFile, earlier: Earlier) -> dict[str, datetime | None] | None:
    """Tasks that tell an opinion upon an earlier case, and since when; None: there are too many."""
    requests = [f"ServiceRequest/{mint(each, 'referral')}" for each in earlier.cases]
    about = Reference("focus", (*earlier.ends, *requests))
    if not earlier.cases:
        return {}
    codes = Token("code", tuple((each.system, each.code) for each in _TELLING))
    found = [own(each.body) for each in file.tools.shelf.find(Query("Task", (about, codes)), _MOST + 1)]
    return {f"Task/{each['id']}": _since(each, earlier) for each in found} if len(found) <= _MOST else None


def _since(task: Resource, earlier: Earlier) -> datetime | None:
    """What is said upon a result is said after it; both opinions are shown before it."""
    about = earlier.ends.get(normal(task.get("focus", {}).get("reference", "")))
    return about or moment(str(task.get("authoredOn", "")))


def _words(file: CaseFile, about: AbstractSet[str]) -> list[str] | None:
    """What people were told about these, but for what tells nobody's opinion; None: there is too much."""
    query = Query("Communication", (Reference("patient", (file.case.patient,)),))
    found = [own(each.body) for each in file.tools.shelf.find(query, _MOST + 1)]
    if len(found) > _MOST:
        return None
    telling = (each for each in found if not _is_silent(each))
    return [
        f"Communication/{each['id']}" for each in telling if not about.isdisjoint(targets(pointers(each)))
    ]


def _is_silent(word: Resource) -> bool:
    return any(coded(said, each) for said in word.get("category", []) for each in _SILENT)


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
