"""What is owed to patients with a result, and what may be said upon one (docs/rights.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.checks import cases, expect, specimens
from conformance.checks.claim import Attempt, Claim, claim
from conformance.checks.made_up import TEST_DATA
from conformance.checks.run import SYSTEM, Run
from conformance.peers.codes import QUESTION, TASK, Resource, concept, is_ai, output

_DOC = "docs/rights.md"


@claim(
    "rights/notice",
    f"{_DOC}, The notice",
    "With a result the patient is told in plain text how the case was read; no model wrote it.",
    ours=True,
)
def notice(run: Run) -> None:
    case = cases.closed(run)
    named = output(cases.task(run, case), "patient-notice") or {}
    place = named.get("valueReference", {}).get("reference", "none")
    expect.that(place.startswith("DocumentReference/"), "an output patient-notice", place)
    told = specimens.read(run, place).body
    expect.equal(case.patient, told["subject"]["reference"], "DocumentReference.subject")
    kind = told["content"][0]["attachment"]["contentType"]
    expect.that(kind.startswith("text/plain"), "plain text", kind)
    expect.that(not is_ai(told), "no label of AI", "one")


@claim(
    "rights/acknowledge",
    f"{_DOC}, Unread results",
    "A Task by which a clinician says that they have read a result is completed.",
    ours=True,
)
def acknowledge(run: Run) -> None:
    _completed(run, _upon(run, "acknowledge"))


@claim(
    "rights/outcome",
    "docs/fhir-door.md, What the EHR sees of its Task",
    "A Task by which somebody tells how a case turned out is completed, and moves the case no further.",
    ours=True,
)
def outcome(run: Run) -> None:
    before = cases.task(run, cases.closed(run))
    _completed(run, _upon(run, "outcome", input=[_input(*each) for each in _ABSENT]))
    after = cases.task(run, cases.closed(run))
    expect.equal(before["status"], after["status"], "the second-read Task's status")


def _completed(run: Run, task: Resource) -> None:
    seen = expect.status(run.wire.post("Task", task), 201)
    run.until(
        lambda: specimens.read(run, seen.reference).body,
        lambda task: task["status"] == "completed",
        "the Task is completed",
        lambda task: f"it is {task['status']}",
    )


_ABSENT = (
    ("outcome-finding", concept("http://snomed.info/sct", "2667000")),
    ("outcome-basis", concept(f"{TASK.rpartition('/')[0]}/outcome-basis", "clinical-course")),
)


def _input(kind: str, value: Resource) -> Resource:
    return {"type": concept(TASK, kind), "valueCodeableConcept": value}


def _hearsay(run: Run) -> Resource:
    return _upon(run, "outcome", input=[_input(*_ABSENT[0])])


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What nobody may say upon a result, and the refusal that it meets."""

    name: str
    says: str
    task: Callable[[Run], Resource]
    code: str
    at: str


def _upon(run: Run, code: str, **more: object) -> Resource:
    """A Task upon the result of a case that has ended."""
    case = cases.closed(run)
    return {
        "resourceType": "Task",
        "meta": {"security": [TEST_DATA]},
        "status": "requested",
        "intent": "order",
        "identifier": [{"system": f"{SYSTEM}/upon", "value": run.fresh()}],
        "code": concept(TASK, code),
        "focus": {"reference": case.task},
        "for": {"reference": case.patient},
        "requester": {"type": "Practitioner", "display": "A clinician of the checks"},
        **more,
    }


def _no_result(run: Run) -> Resource:
    case = cases.unsigned(run)
    about = {"focus": {"reference": case.task}, "for": {"reference": case.patient}}
    return _upon(run, "acknowledge") | about


def _assessment(run: Run, question: Resource, *by: str) -> Resource:
    """A patient's Task for another opinion, by whom it says."""
    report = {"reference": cases.closed(run).report}
    asked = (
        {"type": concept(TASK, "clinical-question"), "valueCodeableConcept": question},
        {"type": concept(TASK, "primary-report"), "valueReference": report},
        *({"type": concept(TASK, "assessor"), "valueCodeableConcept": concept(TASK, who)} for who in by),
    )
    patient = {"reference": cases.closed(run).patient}
    return _upon(run, "independent-assessment", requester=patient, focus=report, input=list(asked))


def _another_model(run: Run) -> Resource:
    return _assessment(run, concept(QUESTION, "child-pneumonia"), "other-model")


def _two_words(run: Run) -> Resource:
    return _assessment(run, concept(QUESTION, "bacterial-meningitis"), "human", "other-model")


def _by_the_patient(run: Run) -> Resource:
    return _upon(run, "acknowledge", requester={"reference": cases.closed(run).patient})


_WRONGS = (
    _Wrong(
        "contest-says-what",
        "A contest without a word is refused.",
        lambda run: _upon(run, "contest"),
        "required",
        "Task.reasonCode",
    ),
    _Wrong(
        "acknowledged-by-clinicians",
        "That a patient has read a result is no clinician's acknowledgement.",
        _by_the_patient,
        "business-rule",
        "Task.requester",
    ),
    _Wrong(
        "outcome-says-by-what",
        "How a case turned out is taken with by what it is known.",
        _hearsay,
        "required",
        "Task.input",
    ),
    _Wrong(
        "only-results",
        "What has no result yet is neither read nor contested.",
        _no_result,
        "business-rule",
        "Task.focus",
    ),
    _Wrong(
        "no-other-model",
        "Where one model reads a question, an assessment by another is refused, with what there is.",
        _another_model,
        "not-supported",
        "Task.input",
    ),
    _Wrong(
        "assessor-once",
        "By whom an assessment is to be made is said by one word; for two of them there is a third.",
        _two_words,
        "required",
        "Task.input",
    ),
)


def _attempt(wrong: _Wrong) -> Attempt:
    def attempt(run: Run) -> None:
        seen = run.wire.post("Task", wrong.task(run))
        expect.refused(seen, 422, code=wrong.code, at=wrong.at)

    return attempt


REFUSALS = tuple(Claim(f"rights/{each.name}", _DOC, each.says, _attempt(each), ours=True) for each in _WRONGS)
