"""Claims that the server's own CapabilityStatement makes: one for each thing that it lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.checks.claim import Attempt, Claim
from conformance.checks.claims import search_parameters
from conformance.checks.claims.flags import FLAGS
from conformance.checks.claims.interactions import tried
from conformance.checks.run import Run
from conformance.checks.statement import Statement

TEMPLATES = (
    ("interaction/TYPE/CODE", "R4 http.html", "Each interaction that the CapabilityStatement lists works."),
    ("parameter/TYPE/NAME", "R4 search.html", "Each search parameter that it lists finds and leaves out."),
    ("promise/TYPE/ELEMENT", "R4 capabilitystatement", "Each other promise that it makes of a type is kept."),
)
"""How these claims are named while no statement has been read."""


def expand(statement: Statement) -> tuple[Claim, ...]:
    """A claim for each interaction, search parameter and promise of each type."""
    return tuple(claim for type_ in sorted(statement.types) for claim in _of_type(statement, type_))


def _of_type(statement: Statement, type_: str) -> Iterator[Claim]:
    for code in statement.interactions(type_):
        how = tried(code)
        name = f"interaction/{type_}/{code}"
        yield Claim(name, how.clause, f"{type_}: {how.says}.", _on(how.attempt, type_))
    for name in statement.parameters(type_):
        says = f"{type_}: {name} finds what has the value and leaves out what has not."
        yield Claim(f"parameter/{type_}/{name}", "R4 search.html", says, _searching(type_, name))
    for flag in FLAGS:
        if flag.promised(statement.flag(type_, flag.name)):
            name = f"promise/{type_}/{flag.called}"
            yield Claim(name, flag.clause, f"{type_}: {flag.says}.", _on(flag.attempt, type_))


def _on(attempt: Callable[[Run, str], None], type_: str) -> Attempt:
    return lambda run: attempt(run, type_)


def _searching(type_: str, name: str) -> Attempt:
    return lambda run: search_parameters.attempt(run, type_, name)
