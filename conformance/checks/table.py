"""The one table of claims: what rests on the standard first, then our own rules, the slow ones last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from types import ModuleType

from conformance.checks.claim import Claim
from conformance.checks.claims import (
    admission,
    conditional,
    evidence,
    formats,
    metadata,
    operations,
    opinions,
    reading,
    refusals,
    repeats,
    rights,
    seal,
    searching,
    specialists,
    subscriptions,
    task_states,
    transactions,
    values,
    veil,
    writing,
)
from conformance.checks.expanded import expand
from conformance.checks.statement import Statement

_GROUPS = (
    *(metadata, reading, writing, conditional, values, formats, searching, transactions, operations),
    *(
        refusals,
        admission,
        repeats,
        evidence,
        subscriptions,
        task_states,
        veil,
        seal,
        opinions,
        rights,
        specialists,
    ),
)


def _of(module: ModuleType) -> Iterator[Claim]:
    """In the order in which they stand in the module; some modules make several from a table."""
    for each in vars(module).values():
        if isinstance(each, Claim):
            yield each
        elif isinstance(each, tuple):
            yield from (one for one in each if isinstance(one, Claim))


CLAIMS: tuple[Claim, ...] = tuple(claim for module in _GROUPS for claim in _of(module))
"""Those that are the same at every server; the CapabilityStatement adds its own."""


def table(statement: Statement) -> tuple[Claim, ...]:
    """All claims to try at a server that says this of itself."""
    return (*CLAIMS, *expand(statement))


def chosen(claims: Sequence[Claim], patterns: Sequence[str]) -> list[Claim]:
    """Those whose id is one of ``patterns``, in which ``*`` stands for anything; all without any."""
    return [each for each in claims if not patterns or any(fnmatchcase(each.id, one) for one in patterns)]
