"""A resource of each type to try things on: made up where that is allowed, looked for elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime

from conformance.checks import cases, expect
from conformance.checks.exchange import Seen
from conformance.checks.made_up import MAKERS, encoded, instant, made_up
from conformance.checks.premises import demand_setup, still_standing
from conformance.checks.run import Run
from conformance.checks.verdict import Skipped
from conformance.peers.codes import Resource

_LOOKED_AT = "50"
"""How many resources of a type are looked through for one that has a value."""
_RESTS = frozenset({"requested", "on-hold"})
"""Where a Task without evidence comes to rest: at a server that only stores it, and at ours."""


def can_make(run: Run, type_: str) -> bool:
    return not run.read_only and type_ in MAKERS and not run.statement.lacks(f"{type_}.create")


def new(run: Run, type_: str) -> Resource:
    """What to POST: valid, with fresh identifiers, referring to the specimens."""
    if type_ not in MAKERS:
        raise Skipped(f"these checks do not know how to make a {type_}")
    return made_up(run, type_, lambda wanted: _link(run, type_, wanted))


def _link(run: Run, type_: str, wanted: str) -> Resource:
    if not can_make(run, wanted):
        return {}
    if wanted == type_:
        return {"reference": _another(run, type_)}
    if type_ == "Task" and wanted in ("Patient", "DiagnosticReport"):
        return {"reference": asked_about(run, wanted)}
    return {"reference": f"{wanted}/{specimen(run, wanted)['id']}"}


def _another(run: Run, type_: str) -> str:
    """For what refers to its own kind: one that does not."""

    def make() -> str:
        return post(
            run, made_up(run, type_, lambda to: {} if to == type_ else _link(run, type_, to))
        ).reference

    return run.once(f"another {type_}", make)


def asked_about(run: Run, type_: str) -> str:
    """The Patient of Tasks without evidence, and a DiagnosticReport for one of them.

    Apart from the specimens: ours shows no first report while its case is open, and what is
    written about a patient moves that patient's Tasks. One question about a report is one case.
    """

    def make() -> str:
        def to(wanted: str) -> Resource:
            own = wanted == "Patient"
            return {"reference": asked_about(run, wanted)} if own else _link(run, type_, wanted)

        return post(run, made_up(run, type_, to)).reference

    return run.once(f"asked about {type_}", make) if type_ == "Patient" else make()


def post(run: Run, resource: Resource, **headers: str) -> Seen:
    """Create it, as a premise of what is tried; a Task that asks for a reading is ended afterwards."""
    seen = run.wire.post(resource["resourceType"], resource, **headers)
    if resource["resourceType"] == "Task":
        demand_setup(run, seen)
    expect.status(seen, 201)
    if resource["resourceType"] == "Task":
        run.afterwards.append(lambda: cancel(run, seen.reference))
    return seen


def created(run: Run, type_: str) -> Resource:
    """A new resource as the server gives it back."""
    return settled(run, post(run, new(run, type_)).reference)


def settled(run: Run, reference: str) -> Resource:
    """The resource once the server has stopped moving it by itself."""
    if not reference.startswith("Task/") or not run.ours:
        return read(run, reference).body
    return run.until(
        lambda: read(run, reference).body,
        lambda task: task["status"] == "on-hold",
        "a Task without evidence is put on hold",
        still_standing,
    )


def read(run: Run, reference: str) -> Seen:
    return expect.status(run.wire.get(reference), 200)


def specimen(run: Run, type_: str) -> Resource:
    """The one resource of a type that reads and searches are tried on."""
    if can_make(run, type_):
        return run.once(f"specimen {type_}", lambda: created(run, type_))
    here = found(run, type_)
    if not here and run.ours and not run.read_only:
        cases.closed(run)  # our own server writes Devices and Provenances when a case is resolved
        here = _look(run, type_)
    if not here:
        raise Skipped(f"no {type_} is here to be looked at, and none can be made")
    return here[0]


def found(run: Run, type_: str) -> list[Resource]:
    """Some resources of a type that are here already."""
    return run.once(f"found {type_}", lambda: _look(run, type_))


def _look(run: Run, type_: str) -> list[Resource]:
    return expect.matches(run.wire.get(type_, {"_count": _LOOKED_AT}))


def cancel(run: Run, reference: str) -> None:
    """End a Task that still waits, as its placer may."""
    task = read(run, reference).body
    if task["status"] in _RESTS:
        expect.status(run.wire.put(reference, task | change(run, task), If_Match=tag(task)), 200)


def change(run: Run, resource: Resource) -> Resource:
    """Elements that an update may replace: one more identifier; of a Task, that it is cancelled.

    What has no identifier in R4 has data, a time, or a reason.
    """
    if resource["resourceType"] == "Task":
        return {"status": "cancelled", "statusReason": {"text": "The check is over."}}
    match resource:
        case {"resourceType": "Binary"}:
            return {"data": encoded(run)}
        case {"resourceType": "Provenance"}:
            return {"recorded": instant(datetime.now(UTC))}
        case {"identifier": list(named)}:
            return {"identifier": [*named, run.identifier()]}
        case {"identifier": _}:
            return {"identifier": run.identifier()}
        case _:
            return {"reason": f"Changed by {run.fresh()}."}


def tag(resource: Resource) -> str:
    """The ETag of a resource's version (R4 http.html#versioning)."""
    return f'W/"{resource["meta"]["versionId"]}"'
