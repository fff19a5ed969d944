"""Each search parameter that the CapabilityStatement lists is tried on its type.

Always together with ``_id`` of one resource, so that what else is on the server, and how it is
paged, does not matter: by a value that the resource has it must be found, by another it must not.
"""

from __future__ import annotations

from conformance.checks import expect, specimens
from conformance.checks.exchange import Seen
from conformance.checks.parameters import PARTS, elements, other, values
from conformance.checks.run import Run
from conformance.checks.verdict import Skipped
from conformance.peers.codes import Resource


def attempt(run: Run, type_: str, name: str) -> str | None:
    kind = run.statement.parameters(type_)[name]
    if kind == "composite":
        _composite(run, type_, name)
        return None
    if not elements(type_, name):
        raise Skipped(f"these checks do not know how to try {name}")
    here = _with_a_value(run, type_, name, kind)
    id_, had = here["id"], values(here, name, kind)
    nothing = (
        f"Patient/{run.fresh()}" if kind == "reference" else f"https://checks.example/none|{run.fresh()}"
    )
    value = had[0] if had else nothing
    expect.equal(
        [], expect.ids(_ask(run, type_, id_, name, other(value, run.fresh(), kind))), "by another value:"
    )
    if not had:
        return f"no {type_} here has a value for it; tried only that another value finds nothing"
    for each in had:
        expect.equal([id_], expect.ids(_ask(run, type_, id_, name, each)), "by its own value:")
    return None


def _composite(run: Run, type_: str, name: str) -> None:
    """Its parts by their own values together, and with another first one."""
    if name not in PARTS:
        raise Skipped(f"these checks do not know how to try {name}")
    here, kinds = specimens.specimen(run, type_), run.statement.parameters(type_)
    parts = [values(here, each, kinds.get(each, "token"))[:1] for each in PARTS[name]]
    if not all(parts):
        raise Skipped(f"no {type_} here has a value for each part of it")
    first, *rest = (each[0] for each in parts)
    found = expect.ids(_ask(run, type_, here["id"], name, "$".join([first, *rest])))
    expect.equal([here["id"]], found, "by its own values:")
    found = expect.ids(_ask(run, type_, here["id"], name, "$".join([other(first, run.fresh()), *rest])))
    expect.equal([], found, "by another first value:")


def _ask(run: Run, type_: str, id_: str, name: str, value: str) -> Seen:
    """Strictly: a parameter that is ignored finds too much."""
    asked = {"_id": id_} | {name: value}
    return run.wire.get(type_, asked, Prefer="handling=strict")


def _with_a_value(run: Run, type_: str, name: str, kind: str) -> Resource:
    here = specimens.specimen(run, type_)
    if values(here, name, kind) or specimens.can_make(run, type_):
        return here
    return next((each for each in specimens.found(run, type_) if values(each, name, kind)), here)
