"""read beyond what each type's own claim shows (R4 http.html#read)."""

from __future__ import annotations

from conformance.checks import expect, specimens
from conformance.checks.claim import claim
from conformance.checks.run import Run


@claim(
    "read/unknown-id",
    "R4 http.html#read",
    "A read of an id that is not here is answered 404 with an OperationOutcome.",
    needs=("Patient.read",),
)
def unknown_id(run: Run) -> None:
    expect.refused(run.wire.get(f"Patient/{run.fresh()}"), 404)


@claim(
    "read/unknown-version",
    "R4 http.html#vread",
    "A read of a version that is not here is answered 404.",
    needs=("Patient.vread",),
)
def unknown_version(run: Run) -> None:
    here = specimens.specimen(run, "Patient")
    expect.refused(run.wire.get(f"Patient/{here['id']}/_history/2147483647"), 404)


@claim(
    "read/unknown-type",
    "R4 http.html#Status-Codes",
    "A resource type that is not served is answered 404 with an OperationOutcome.",
)
def unknown_type(run: Run) -> None:
    expect.refused(run.wire.get("Banana/1"), 404)
    expect.refused(run.wire.get("Banana", {"_id": "1"}), 404)


@claim(
    "read/head",
    "R4 http.html, HEAD (SHOULD)",
    "HEAD answers with the headers of the read and without a body.",
    needs=("Patient.read",),
)
def head(run: Run) -> None:
    path = f"Patient/{specimens.specimen(run, 'Patient')['id']}"
    read, same = run.wire.get(path), expect.status(run.wire.send("HEAD", path), 200)
    expect.equal(b"", same.content, "body")
    expect.equal(read.headers.get("ETag"), same.headers.get("ETag"), "ETag")
