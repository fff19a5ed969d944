"""Conditional writes whose criteria are ambiguous or wrong (R4 http.html#ccreate, #cond-update)."""

from __future__ import annotations

from conformance.checks import expect, specimens
from conformance.checks.claim import claim
from conformance.checks.claims.flags import condition
from conformance.checks.run import Run
from conformance.peers.codes import Resource

_CREATE = ("Patient.create", "Patient.conditionalCreate")
_UPDATE = ("Patient.create", "Patient.conditionalUpdate")


@claim(
    "conditional/create-ignores-the-body",
    "R4 http.html#ccreate",
    "When one resource matches If-None-Exist, what was sent is not written over it.",
    needs=_CREATE,
)
def create_ignores_the_body(run: Run) -> None:
    here = specimens.created(run, "Patient")
    sent = _without_id(here) | {"birthDate": "1970-01-01"}
    expect.status(run.wire.post("Patient", sent, If_None_Exist=condition(here)), 200)
    now = specimens.read(run, f"Patient/{here['id']}").body
    expect.equal(here["birthDate"], now["birthDate"], "birthDate")


@claim(
    "conditional/create-ambiguous",
    "R4 http.html#ccreate",
    "When several resources match If-None-Exist, the create is answered 412 and nothing is written.",
    needs=_CREATE,
)
def create_ambiguous(run: Run) -> None:
    two = _twins(run)
    expect.refused(run.wire.post("Patient", two, If_None_Exist=condition(two)), 412)
    expect.equal(2, len(expect.ids(run.wire.get(f"Patient?{condition(two)}"))), "resources found:")


@claim(
    "conditional/update-ambiguous",
    "R4 http.html#cond-update",
    "When several resources match the criteria, the update is answered 412 and nothing is written.",
    needs=_UPDATE,
)
def update_ambiguous(run: Run) -> None:
    two = _twins(run)
    expect.refused(run.wire.put(f"Patient?{condition(two)}", two | {"birthDate": "1970-01-01"}), 412)
    born = [each["birthDate"] for each in expect.matches(run.wire.get(f"Patient?{condition(two)}"))]
    expect.equal([two["birthDate"]] * 2, born, "birthDates")


@claim(
    "conditional/update-other-id",
    "R4 http.html#cond-update",
    "When what matches has another id than the body, the update is answered 400 and nothing is written.",
    needs=_UPDATE,
)
def update_other_id(run: Run) -> None:
    here = specimens.created(run, "Patient")
    other = here | {"id": run.fresh(), "birthDate": "1970-01-01"}
    expect.refused(run.wire.put(f"Patient?{condition(here)}", other), 400)
    now = specimens.read(run, f"Patient/{here['id']}").body
    expect.equal(here["birthDate"], now["birthDate"], "birthDate")


@claim(
    "conditional/unknown-criterion",
    "R4 http.html#ccreate, docs/fhir-door.md",
    "A criterion that is not supported is refused, never ignored: it could match a stranger's resource.",
    ours=True,
    needs=_CREATE,
)
def unknown_criterion(run: Run) -> None:
    sent = specimens.new(run, "Patient")
    for wrong in ("nickname=x", "identifier:contains=x", ""):
        expect.refused(run.wire.post("Patient", sent, If_None_Exist=wrong), 400)
        expect.refused(run.wire.put(f"Patient?{wrong}", sent), 400)
    expect.equal([], expect.ids(run.wire.get(f"Patient?{condition(sent)}")), "ids found:")


def _twins(run: Run) -> Resource:
    """What two stored resources have in common."""
    sent = specimens.new(run, "Patient")
    specimens.post(run, sent)
    specimens.post(run, sent)
    return sent


def _without_id(resource: Resource) -> Resource:
    return {name: part for name, part in resource.items() if name != "id"}
