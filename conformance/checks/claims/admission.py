"""Which Task opens a case, and why another does not (docs/fhir-door.md, What an EHR sends)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.checks import expect, specimens
from conformance.checks.claim import Attempt, Claim, claim
from conformance.checks.claims.flags import condition
from conformance.checks.made_up import asking, made_up
from conformance.checks.run import SYSTEM, Run
from conformance.peers.codes import QUESTION, TASK, Resource, concept

_DOC = "docs/fhir-door.md, What an EHR sends"


@claim(
    "admission/opens-a-case",
    _DOC,
    "A Task that asks for a second reading is answered 201, and a worker takes it up.",
    ours=True,
)
def opens_a_case(run: Run) -> None:
    patient, report = _premises(run)
    seen = specimens.post(run, asking(run, patient, report))
    expect.that(seen.reference.startswith("Task/"), "Location of a Task", "another")
    specimens.settled(run, seen.reference)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """One thing wrong with a Task, and the refusal that it meets."""

    name: str
    says: str
    change: Callable[[Run, Resource], Resource]
    code: str
    at: str


def _swap(**changes: object) -> Callable[[Run, Resource], Resource]:
    return lambda _, task: task | changes


def _drop(name: str) -> Callable[[Run, Resource], Resource]:
    return lambda _, task: {key: part for key, part in task.items() if key != name}


def _input(kind: str, **value: object) -> Callable[[Run, Resource], Resource]:
    """With this input instead of the one of its kind; without any when no value is given."""

    def change(run: Run, task: Resource) -> Resource:
        del run
        others = [each for each in task["input"] if each["type"] != concept(TASK, kind)]
        return task | {"input": [*others, *([{"type": concept(TASK, kind), **value}] if value else [])]}

    return change


def _numbered(run: Run, task: Resource) -> Resource:
    more = [{"system": f"{SYSTEM}/id", "value": run.fresh()} for _ in range(50)]
    return task | {"identifier": [*task["identifier"], *more]}


def _of_another(run: Run, task: Resource) -> Resource:
    return task | {"for": {"reference": f"Patient/{specimens.specimen(run, 'Patient')['id']}"}}


def _two_reports(run: Run, task: Resource) -> Resource:
    another = {"reference": f"DiagnosticReport/{specimens.specimen(run, 'DiagnosticReport')['id']}"}
    return task | {"focus": another}


def _withdrawn(run: Run, task: Resource) -> Resource:
    patient = task["for"]
    report = made_up(run, "DiagnosticReport", lambda wanted: patient if wanted == "Patient" else {})
    place = specimens.post(run, report | {"status": "entered-in-error"}).reference
    asked = _input("primary-report", valueReference={"reference": place})(run, task)
    return asked | {"focus": {"reference": place}}


def _nowhere(run: Run, task: Resource) -> Resource:
    lost = {"reference": f"DiagnosticReport/{run.fresh()}"}
    return _input("primary-report", valueReference=lost)(run, task) | {"focus": lost}


_ABROAD = {"reference": "https://elsewhere.example/fhir/DiagnosticReport/1"}
_UNREAD = concept(QUESTION, "is-it-raining")
_WRONG = (
    _Wrong(
        "code",
        "whose code is not second-read",
        _swap(code=concept(TASK, "lunch")),
        "business-rule",
        "Task.code",
    ),
    _Wrong("status", "that is not requested", _swap(status="draft"), "business-rule", "Task.status"),
    _Wrong("intent", "that is no order", _swap(intent="proposal"), "business-rule", "Task.intent"),
    _Wrong("no-identifier", "without an identifier", _drop("identifier"), "required", "Task.identifier"),
    _Wrong("identifiers", "with more than 50 identifiers", _numbered, "too-costly", "Task.identifier"),
    _Wrong("no-question", "that asks no question", _input("clinical-question"), "required", "Task.input"),
    _Wrong(
        "question",
        "whose question nobody reads",
        _input("clinical-question", valueCodeableConcept=_UNREAD),
        "not-supported",
        "Task.input",
    ),
    _Wrong("no-patient", "that is for nobody", _drop("for"), "required", "Task.for"),
    _Wrong(
        "other-patient", "for another patient than its report's", _of_another, "business-rule", "Task.for"
    ),
    _Wrong("abroad", "whose report is at another server", _swap(focus=_ABROAD), "", "Task"),
    _Wrong("nowhere", "whose report is not here", _nowhere, "", "Task"),
    _Wrong(
        "two-reports", "whose focus and input name two reports", _two_reports, "business-rule", "Task.focus"
    ),
    _Wrong("withdrawn", "about a report that its author withdrew", _withdrawn, "business-rule", "Task.focus"),
    _Wrong(
        "deadline",
        "whose deadline has no time of day",
        _swap(restriction={"period": {"end": "2030-01-01"}}),
        "value",
        "Task.restriction",
    ),
)


def _refused(wrong: _Wrong) -> Attempt:
    def attempt(run: Run) -> None:
        task = wrong.change(run, asking(run, *_premises(run)))
        expect.refused(run.wire.post("Task", task), 422, code=wrong.code, at=wrong.at)
        if "identifier" in task:
            found = expect.ids(run.wire.get(f"Task?{condition(task)}"))
            expect.equal([], found, "Tasks stored:")

    return attempt


REFUSED = tuple(
    Claim(
        f"admission/{each.name}",
        _DOC,
        f"A Task {each.says} is refused with 422, which names the element; nothing is stored.",
        _refused(each),
        ours=True,
    )
    for each in _WRONG
)


def _premises(run: Run) -> tuple[str, str]:
    return specimens.asked_about(run, "Patient"), specimens.asked_about(run, "DiagnosticReport")
