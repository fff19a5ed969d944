"""What the server publishes when a case is resolved, and how it is marked (docs/fhir-door.md)."""

from __future__ import annotations

from conformance.checks import cases, expect, specimens
from conformance.checks.claim import claim
from conformance.checks.run import Run
from conformance.peers.codes import ACT_VALUE, AI_ASSERTED, TASK, Resource, codes_of, is_ai, output

_SEEN = "docs/fhir-door.md, What the EHR sees of its Task"
_WRITTEN = "docs/fhir-door.md, What we write into the EHR"


@claim(
    "opinion/outputs",
    _SEEN,
    "A resolved case completes the Task, with outputs agreement and ai-opinion; the opinion can be read.",
    ours=True,
)
def outputs(run: Run) -> None:
    task = _task(run)
    expect.equal("completed", task["status"], "Task.status")
    business = set(codes_of(task.get("businessStatus"), TASK))
    ends = {"closed-concordant", "closed-upheld", "closed-amended"}
    expect.that(business & ends, f"businessStatus one of {', '.join(sorted(ends))}", str(business))
    expect.that(output(task, "agreement"), "an output agreement", "none")
    expect.equal("DiagnosticReport", _report(run)["resourceType"], "resource of output ai-opinion")


@claim(
    "opinion/not-final",
    f"{_WRITTEN}; R4 diagnostic-report-status",
    "The AI's report is partial and its Observation preliminary: nobody has verified them.",
    ours=True,
)
def not_final(run: Run) -> None:
    expect.equal("partial", _report(run)["status"], "DiagnosticReport.status")
    expect.equal("preliminary", _finding(run)["status"], "Observation.status")


@claim(
    "opinion/marked",
    f"{_WRITTEN}; HL7 AI Transparency on FHIR",
    "Report and Observation of the AI are labelled AIAST, and the conclusion says in words that it is AI.",
    ours=True,
)
def marked(run: Run) -> None:
    for each in (_report(run), _finding(run)):
        expect.that(is_ai(each), f"label {AI_ASSERTED} on {each['resourceType']}", "none")
    expect.that("AI" in _report(run)["conclusion"][:60], "AI in the first words", "other words")


@claim(
    "opinion/provenance",
    f"{_WRITTEN}; HL7 AI Transparency on FHIR",
    "Provenance names the report and the Observation, and as author a Device with the model's version.",
    ours=True,
    needs=("Provenance?target",),
)
def provenance(run: Run) -> None:
    report, finding = _report(run), _finding(run)
    for each in (report, finding):
        place = f"{each['resourceType']}/{each['id']}"
        found = expect.matches(run.wire.get("Provenance", {"target": place}))
        expect.equal(1, len(found), f"Provenances of {place}:")
    who = found[0]["agent"][0]["who"]["reference"]
    expect.that(who.startswith("Device/"), "a Device as agent", who)
    device = specimens.read(run, who).body
    expect.that(any(each.get("value") for each in device["version"]), "Device.version", "none")


@claim(
    "opinion/once",
    "docs/architecture.md, Storage: everything is safe to repeat",
    "A case has one report of the AI and no more.",
    ours=True,
    needs=("DiagnosticReport?_security",),
)
def once(run: Run) -> None:
    asked = {"patient": cases.closed(run).patient, "_security": f"{ACT_VALUE}|{AI_ASSERTED}"}
    expect.equal(1, len(expect.ids(run.wire.get("DiagnosticReport", asked))), "reports of the AI:")


@claim(
    "opinion/yours-untouched",
    "HL7 Clinical Order Workflows; docs/architecture.md",
    "Nothing that the EHR sent is ever changed but the Task.",
    ours=True,
)
def yours_untouched(run: Run) -> None:
    case = cases.closed(run)
    for place in case.names.values():
        if place != case.task and not place.startswith(("Practitioner", "Organization")):
            expect.equal("1", specimens.read(run, place).body["meta"]["versionId"], f"versionId of {place}")


def _task(run: Run) -> Resource:
    return cases.task(run, cases.closed(run))


def _report(run: Run) -> Resource:
    made = output(_task(run), "ai-opinion") or {}
    return specimens.read(run, made["valueReference"]["reference"]).body


def _finding(run: Run) -> Resource:
    return specimens.read(run, _report(run)["result"][0]["reference"]).body
