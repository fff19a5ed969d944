"""What the server says of itself."""

from __future__ import annotations

from conformance.checks import expect
from conformance.checks.claim import claim
from conformance.checks.run import Run
from conformance.checks.statement import OUR_CANONICAL


@claim(
    "metadata/statement",
    "R4 http.html#capabilities",
    "GET [base]/metadata answers with the CapabilityStatement of a running R4 server that speaks JSON.",
)
def statement(run: Run) -> None:
    body = expect.status(run.wire.get("metadata"), 200).body
    expect.equal("CapabilityStatement", body.get("resourceType"), "resourceType")
    expect.equal("instance", body.get("kind"), "kind")
    expect.that(str(body.get("fhirVersion")).startswith("4.0"), "fhirVersion 4.0.x", "another version")
    expect.that("json" in " ".join(body["format"]), "json among the formats", "no json")


@claim(
    "metadata/required-elements",
    "R4 capabilitystatement, cpb-9, cpb-12, cpb-15",
    "The statement has what it must have, and lists each type and each search parameter once.",
)
def required_elements(run: Run) -> None:
    body = run.statement.body
    lacking = [name for name in ("status", "date", "kind", "format", "implementation") if not body.get(name)]
    expect.equal([], lacking, "elements that are lacking:")
    listed = [each["type"] for each in run.statement.rest["resource"]]
    expect.equal(sorted(set(listed)), sorted(listed), "types, each once:")
    for type_, each in run.statement.types.items():
        names = [param["name"] for param in each.get("searchParam", [])]
        expect.equal(sorted(set(names)), sorted(names), f"search parameters of {type_}, each once:")


@claim(
    "metadata/canonical",
    "docs/fhir-door.md",
    "The statement names our canonical and the base under which the server knows itself.",
    ours=True,
)
def canonical(run: Run) -> None:
    expect.equal(OUR_CANONICAL, run.statement.body.get("url"), "url")
    expect.that(run.statement.base.startswith(("http://", "https://")), "implementation.url", "none")
