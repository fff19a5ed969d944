"""What a specialist may do with an offer (docs/fhir-door.md, What a specialist does)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.checks import cases, expect, referral, specimens
from conformance.checks.claim import Attempt, Claim, claim
from conformance.checks.claims.task_states import refuses_all_but
from conformance.checks.run import Run
from conformance.peers import blindness
from conformance.peers.codes import TASK, Resource, codes_of, concept, output

_DOC = "docs/fhir-door.md, What a specialist does"
Walk = Callable[[Run, Resource], object]
"""Brings an offer to where it is tried."""


def _stay(run: Run, task: Resource) -> None:
    del run, task


def _accept(run: Run, task: Resource) -> None:
    referral.desk(run).accept(task["id"])


def _begin(run: Run, task: Resource) -> None:
    _accept(run, task)
    _move(run, task, status="in-progress")


def _decline(run: Run, task: Resource) -> None:
    referral.desk(run).decline(task["id"], "A check declines.")


def _give_back(run: Run, task: Resource) -> None:
    _accept(run, task)
    _move(run, task, status="failed", statusReason={"text": "A check gives it back."})


def _complete(run: Run, task: Resource) -> None:
    referral.desk(run).work(task)


_STANDS: tuple[tuple[str, Walk, frozenset[str]], ...] = (
    ("requested", _stay, frozenset({"accepted", "rejected"})),
    ("accepted", _accept, frozenset({"in-progress", "completed", "failed"})),
    ("in-progress", _begin, frozenset({"completed", "failed"})),
    ("rejected", _decline, frozenset()),
    ("failed", _give_back, frozenset()),
    ("completed", _complete, frozenset()),
)
"""Where an offer can stand, how it gets there, and what its owner may then set."""


def _refusing(status: str, walk: Walk, allowed: frozenset[str]) -> Attempt:
    def attempt(run: Run) -> None:
        with cases.offer(run) as (_, task):
            walk(run, task)
            path = f"Task/{task['id']}"
            expect.equal(status, specimens.read(run, path).body["status"], "Task.status")
            refuses_all_but(run, path, allowed)

    return attempt


REFUSED = tuple(
    Claim(
        f"specialist/{status}",
        f"{_DOC}; R4 task.html#statemachine",
        f"From {status} a specialist may set {', '.join(sorted(allowed)) or 'nothing'}; "
        "all else is refused with 422.",
        _refusing(status, walk, allowed),
        ours=True,
    )
    for status, walk, allowed in _STANDS
)


@claim(
    "specialist/says-why",
    f"{_DOC}; SDOHCC statusReason.text",
    "An offer is declined or given back only with statusReason.text.",
    ours=True,
)
def says_why(run: Run) -> None:
    with cases.offer(run) as (_, task):
        _refuse_in_silence(run, task, "rejected")
        _accept(run, task)
        _refuse_in_silence(run, task, "failed")


@claim(
    "specialist/only-the-answer",
    _DOC,
    "A specialist may change nothing of an offer but its answer: 422 names the element.",
    ours=True,
)
def only_the_answer(run: Run) -> None:
    with cases.offer(run) as (_, task):
        nobody = {"reference": referral.specialists(run)[0]}
        for name, part in (
            ("owner", nobody | {"display": "x"}),
            ("priority", "stat"),
            ("focus", task["for"]),
        ):
            moved = task | {"status": "accepted", name: part}
            seen = run.wire.put(f"Task/{task['id']}", moved, If_Match=specimens.tag(task))
            expect.refused(seen, 422, at=f"Task.{name}")


@claim(
    "specialist/next-one",
    f"{_DOC}; R4 task.html#statemachine",
    "A declined offer stays rejected; the next specialist gets a Task of their own.",
    ours=True,
)
def next_one(run: Run) -> None:
    with cases.offer(run) as (case, first):
        _decline(run, first)
        second = referral.offer(run, case.patient)
        expect.that(second["id"] != first["id"], "a Task of its own", "the same Task")
        expect.that(second["owner"] != first["owner"], "another specialist", "the same one")
        declined = specimens.read(run, f"Task/{first['id']}").body
        expect.equal("rejected", declined["status"], "Task.status of the first")


@claim(
    "specialist/own-signed-report",
    _DOC,
    "A read is completed only with a signed report of this patient and request, by the Task's owner.",
    ours=True,
)
def own_signed_report(run: Run) -> None:
    with cases.offer(run) as (_, task):
        _accept(run, task)
        stranger = {"reference": f"Patient/{specimens.specimen(run, 'Patient')['id']}"}
        other = next(each for each in referral.specialists(run) if each != task["owner"]["reference"])
        path = f"Task/{task['id']}"
        now = specimens.read(run, path).body
        _refuse_completion(run, now, [])
        wrongs: tuple[Resource, ...] = (
            {"status": "preliminary"},
            {"subject": stranger},
            {"resultsInterpreter": [{"reference": other}]},
            {"basedOn": []},
        )
        for wrong in wrongs:
            report = {name: part for name, part in (_report(run, task) | wrong).items() if part}
            place = specimens.post(run, report).reference
            made = {"type": concept(TASK, "specialist-report"), "valueReference": {"reference": place}}
            _refuse_completion(run, now, [made])


@claim(
    "specialist/blind",
    "docs/fhir-door.md, What a specialist does; docs/architecture.md, Sealed",
    "From an offer, by every reference and by searches, neither opinion can be reached.",
    ours=True,
)
def blind(run: Run) -> None:
    with cases.offer(run) as (case, task):
        reached = blindness.check(run.client, task)
        expect.that(case.patient in reached, "the patient within reach", "not within reach")
        order = reached[task["focus"]["reference"]]
        expect.that(order.get("supportingInfo"), "Observations in supportingInfo", "none")
        for name in ("basedOn", "partOf"):
            expect.that(case.task not in str(task.get(name)), "no way to the EHR's Task", name)


@claim(
    "specialist/closes-the-case",
    "docs/fhir-door.md, What the EHR sees of its Task",
    "When the specialist has finalised, the EHR's Task is completed, with outputs for all that was made.",
    ours=True,
)
def closes_the_case(run: Run) -> None:
    with cases.offer(run) as (case, _):
        now = referral.finish(run, case.task)
    expect.that(now["status"] == "completed", "a completed Task", now["status"])
    for kind in ("agreement", "ai-opinion", "referral", "specialist-report"):
        expect.that(output(now, kind), f"an output {kind}", "none")
    business = codes_of(now.get("businessStatus"), TASK)
    expect.that(
        {"closed-amended", "closed-upheld"} & set(business), "closed-amended or -upheld", str(business)
    )


def _move(run: Run, task: Resource, **changes: object) -> None:
    path = f"Task/{task['id']}"
    now = specimens.read(run, path).body
    expect.status(run.wire.put(path, now | changes, If_Match=specimens.tag(now)), 200)


def _refuse_in_silence(run: Run, task: Resource, status: str) -> None:
    now = specimens.read(run, f"Task/{task['id']}").body
    seen = run.wire.put(f"Task/{task['id']}", now | {"status": status}, If_Match=specimens.tag(now))
    expect.refused(seen, 422, code="required", at="Task.statusReason")


def _refuse_completion(run: Run, task: Resource, made: list[Resource]) -> None:
    done = task | {"status": "completed"} | ({"output": made} if made else {})
    seen = run.wire.put(f"Task/{task['id']}", done, If_Match=specimens.tag(task))
    expect.refused(seen, 422, at="Task.output")


def _report(run: Run, task: Resource) -> Resource:
    """What would be accepted: signed, by the owner, of this patient and this request."""
    sent = specimens.new(run, "DiagnosticReport")
    return sent | {
        "subject": task["for"],
        "basedOn": [task["focus"]],
        "resultsInterpreter": [{"reference": task["owner"]["reference"]}],
    }
