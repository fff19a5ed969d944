"""What goes beyond one type: the history of all, and operations (R4 http.html#history, operations.html)."""

from __future__ import annotations

from conformance.checks import expect, specimens
from conformance.checks.claim import claim
from conformance.checks.run import Run
from conformance.checks.verdict import Skipped


@claim(
    "history/system",
    "R4 http.html#history",
    "The history of the system holds a version that is known.",
    needs=("history-system", "Patient.create"),
)
def system(run: Run) -> None:
    here = specimens.created(run, "Patient")
    seen = run.wire.get("_history", {"_since": here["meta"]["lastUpdated"], "_count": "200"})
    told = [each["resource"]["id"] for each in expect.bundle(seen, "history") if "resource" in each]
    expect.that(here["id"] in told, "the Patient that was just created", "others")


@claim(
    "operation/validate",
    "R4 resource-operation-validate.html",
    "$validate is answered 200 with an OperationOutcome, with errors where a create would be refused.",
    needs=("Patient.create",),
)
def validate(run: Run) -> None:
    _demand(run, "Patient", "validate")
    good = specimens.new(run, "Patient")
    for sent, wrong in ((good, False), (good | {"gender": "banana"}, True)):
        seen = expect.status(run.wire.post("Patient/$validate", sent), 200)
        expect.equal("OperationOutcome", seen.body.get("resourceType"), "resourceType")
        expect.equal(wrong, any(each["severity"] == "error" for each in seen.issues), "errors told:")


@claim(
    "operation/everything",
    "R4 patient-operation-everything.html",
    "$everything holds the patient and what is about the patient, and nothing about another.",
    needs=("Patient.create", "Observation.create"),
)
def everything(run: Run) -> None:
    _demand(run, "Patient", "everything")
    one, other = (specimens.created(run, "Patient") for _ in range(2))
    about = [_measured(run, f"Patient/{each['id']}") for each in (one, other)]
    seen = run.wire.get(f"Patient/{one['id']}/$everything", {"_count": "200"})
    told = {each["resource"]["id"] for each in expect.bundle(seen, "searchset")}
    expect.that({one["id"], about[0]} <= told, "the Patient and the Observation", "less")
    expect.that(not {other["id"], about[1]} & told, "nothing of another patient", "something")


def _measured(run: Run, patient: str) -> str:
    sent = specimens.new(run, "Observation") | {"subject": {"reference": patient}}
    return specimens.post(run, sent).reference.partition("/")[2]


def _demand(run: Run, type_: str, name: str) -> None:
    offered = [each.get("name") for each in run.statement.types.get(type_, {}).get("operation", [])]
    if name not in offered:
        raise Skipped(f"the CapabilityStatement does not offer ${name} of {type_}")
