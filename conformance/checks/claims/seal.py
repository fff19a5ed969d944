"""The AI read is sealed until the case is resolved (docs/architecture.md, Sealed)."""

from __future__ import annotations

from conformance.checks import cases, expect, referral, specimens
from conformance.checks.cases import Case
from conformance.checks.claim import claim
from conformance.checks.run import Run
from conformance.checks.verdict import Skipped
from conformance.peers.client import NotDone
from conformance.peers.codes import ACT_VALUE, AI_ASSERTED, Resource, is_ai, output

_DOC = "docs/architecture.md, Sealed"
_TELLING = ("agreement", "ai-opinion", "referral", "specialist-report")
_ABOUT = ("patient", "subject")


@claim(
    "seal/no-search",
    _DOC,
    "While the AI read is sealed, no search about the patient finds anything that the AI wrote.",
    ours=True,
)
def no_search(run: Run) -> None:
    case = _sealed(run)
    asked = 0
    for type_ in run.statement.types:
        listed = run.statement.parameters(type_)
        for name in (each for each in _ABOUT if each in listed):
            for more in ({}, {"_security": f"{ACT_VALUE}|{AI_ASSERTED}"}):
                found = expect.matches(run.wire.get(type_, {name: case.patient} | more))
                asked += 1
                expect.equal([], [each["id"] for each in found if is_ai(each)], f"AI's {type_} found:")
    expect.that(asked > 3, "several types to search", f"{asked}")


@claim(
    "seal/no-provenance",
    _DOC,
    "While the AI read is sealed, no Provenance leads to what it read.",
    ours=True,
    needs=("Provenance?target",),
)
def no_provenance(run: Run) -> None:
    case = _sealed(run)
    for place in case.names.values():
        expect.equal([], expect.ids(run.wire.get("Provenance", {"target": place})), f"Provenance of {place}:")


@claim(
    "seal/no-output",
    _DOC,
    "While the AI read is sealed, no version of the EHR's Task has an output that tells of it.",
    ours=True,
)
def no_output(run: Run) -> None:
    case = _sealed(run)
    for each in expect.bundle(run.wire.get(f"{case.task}/_history"), "history"):
        told = [kind for kind in _TELLING if output(each["resource"], kind)]
        expect.equal([], told, f"outputs of version {each['resource']['meta']['versionId']}:")


@claim(
    "seal/case-page",
    _DOC,
    "While the AI read is sealed, its case page shows sealed events without content, and no digest.",
    ours=True,
)
def case_page(run: Run) -> None:
    case = _sealed(run)
    page = _page(run, case)
    for event in page["history"]:
        sealed = str(event["event"]).startswith("sealed")
        expect.that(not (sealed and event["detail"]), "a sealed event without detail", "one with detail")
        expect.that("digest" not in event and "number" not in event, "no digest and no number", "one of them")
        words = str(event["detail"]).lower()
        expect.that(
            "probability" not in words and "answer" not in words, "nothing of the answer", "some of it"
        )


@claim(
    "seal/written-at-release",
    _DOC,
    "What the opinion consists of comes to be only when the case is resolved, after the signature.",
    ours=True,
)
def written_at_release(run: Run) -> None:
    case = _sealed(run)
    before = cases.task(run, case)["meta"]["lastUpdated"]
    cases.sign(run, case)
    task = referral.finish(run, case.task)
    expect.equal("completed", task["status"], "Task.status")
    place = (output(task, "ai-opinion") or {})["valueReference"]["reference"]
    opinion = specimens.read(run, place).body
    expect.equal("1", opinion["meta"]["versionId"], "versionId of the opinion")
    later = opinion["meta"]["lastUpdated"]
    expect.that(later > before, f"an opinion written after {before}", later)


def _sealed(run: Run) -> Case:
    """A case that the model has read and whose first report is not signed."""

    def make() -> Case:
        case = cases.unsigned(run)
        run.until(lambda: _page(run, case), lambda page: page["aiRead"] == "sealed", "the AI read is sealed")
        return case

    return run.once("a sealed case", make)


def _page(run: Run, case: Case) -> Resource:
    """The case as /cases tells it, beside the FHIR base."""
    try:
        listed = run.client.beside("/cases").get("cases", [])
        found = next((each["case"] for each in listed if each["task"] == case.task), "")
        return run.client.beside(f"/cases/{found}")
    except NotDone as reason:
        raise Skipped(f"whether the AI has read cannot be seen: {reason}") from reason
