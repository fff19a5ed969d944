"""create and update beyond what each type's own claim shows (R4 http.html#create, #update)."""

from __future__ import annotations

from conformance.checks import expect, specimens
from conformance.checks.claim import claim
from conformance.checks.run import Run
from conformance.checks.verdict import Skipped
from conformance.peers.codes import SR, Resource

_CREATE = ("Patient.create",)
_UPDATE = ("Patient.create", "Patient.update")


@claim(
    "create/prefer",
    "R4 http.html#ops (SHOULD)",
    "Prefer: return=minimal leaves the body out, representation gives the resource, OperationOutcome that.",
    needs=_CREATE,
)
def prefer(run: Run) -> None:
    wanted = {"minimal": None, "representation": "Patient", "OperationOutcome": "OperationOutcome"}
    for wish, kind in wanted.items():
        seen = specimens.post(run, specimens.new(run, "Patient"), Prefer=f"return={wish}")
        came = seen.body.get("resourceType") if seen.content else None
        expect.equal(kind, came, f"with return={wish} a body of")


@claim(
    "create/body-of-another-type",
    "R4 http.html#create",
    "A body of another type than the address names is refused and not stored.",
    needs=_CREATE,
)
def body_of_another_type(run: Run) -> None:
    sent = specimens.new(run, "Patient") | {"resourceType": "Practitioner"}
    expect.refused(run.wire.post("Patient", sent), 400, 422)


@claim(
    "update/other-id",
    "R4 http.html#update",
    "An update whose body has another id than the address is answered 400 and writes nothing.",
    needs=_UPDATE,
)
def other_id(run: Run) -> None:
    here = specimens.created(run, "Patient")
    expect.refused(run.wire.put(f"Patient/{here['id']}", here | {"id": run.fresh()}), 400)
    _unchanged(run, here)


@claim(
    "update/without-id",
    "R4 http.html#update",
    "An update whose body has no id is answered 400 and writes nothing.",
    needs=_UPDATE,
)
def without_id(run: Run) -> None:
    here = specimens.created(run, "Patient")
    body = {name: part for name, part in here.items() if name != "id"}
    expect.refused(run.wire.put(f"Patient/{here['id']}", body), 400)
    _unchanged(run, here)


@claim(
    "update/stale",
    "R4 http.html#concurrency",
    "If-Match with a version that is not current is answered 412 and writes nothing.",
    needs=_UPDATE,
)
def stale(run: Run) -> None:
    if run.statement.flag("Patient", "versioning") == "no-version":
        raise Skipped("the CapabilityStatement says that versions of Patient are not kept")
    here = specimens.created(run, "Patient")
    path, changed = f"Patient/{here['id']}", here | specimens.change(run, here)
    expect.status(run.wire.put(path, changed, If_Match=specimens.tag(here)), 200)
    now = specimens.read(run, path).body
    late = here | specimens.change(run, here)
    expect.refused(run.wire.put(path, late, If_Match=specimens.tag(here)), 412)
    _unchanged(run, now)


@claim(
    "update/only-if-new",
    "docs/fhir-door.md, RFC 9110 section 13.1.2",
    "If-None-Match: * on an update of what is here is answered 412 and writes nothing.",
    ours=True,
    needs=_UPDATE,
)
def only_if_new(run: Run) -> None:
    here = specimens.created(run, "Patient")
    changed = here | specimens.change(run, here)
    expect.refused(run.wire.put(f"Patient/{here['id']}", changed, If_None_Match="*"), 412)
    _unchanged(run, here)
    new = specimens.new(run, "Patient") | {"id": run.fresh()}
    expect.status(run.wire.put(f"Patient/{new['id']}", new, If_None_Match="*"), 201)


@claim(
    "update/labels-stay",
    "R4 security-labels.html, docs/fhir-door.md",
    "An update that would remove a security label is refused with 403 and writes nothing.",
    ours=True,
    needs=_UPDATE,
)
def labels_stay(run: Run) -> None:
    here = specimens.created(run, "Patient")
    bare = here | {"meta": {"tag": here["meta"]["tag"]}}
    expect.refused(run.wire.put(f"Patient/{here['id']}", bare), 403, code="forbidden")
    _unchanged(run, here)


@claim(
    "update/same-patient",
    "docs/fhir-door.md",
    "An update that would move an Observation to another patient is refused with 422 and writes nothing.",
    ours=True,
    needs=("Observation.create", "Observation.update", *_CREATE),
)
def same_patient(run: Run) -> None:
    here, stranger = specimens.created(run, "Observation"), specimens.created(run, "Patient")
    moved = here | {"subject": {"reference": f"Patient/{stranger['id']}"}}
    expect.refused(run.wire.put(f"Observation/{here['id']}", moved), 422, code="business-rule")
    _unchanged(run, here)


@claim(
    "create/minted-identifiers",
    "docs/fhir-door.md, What we write into the EHR",
    "A resource with an identifier of our own systems is refused with 403: only the server mints those.",
    ours=True,
    needs=("Observation.create",),
)
def minted_identifiers(run: Run) -> None:
    forged = specimens.new(run, "Observation")
    forged["identifier"] = [{"system": f"{SR}/opinion", "value": run.fresh()}]
    expect.refused(run.wire.post("Observation", forged), 403, code="forbidden", at="Observation.identifier")


def _unchanged(run: Run, before: Resource) -> None:
    now = specimens.read(run, f"{before['resourceType']}/{before['id']}").body
    expect.equal(before["meta"]["versionId"], now["meta"]["versionId"], "unchanged version")
