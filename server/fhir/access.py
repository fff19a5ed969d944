"""What a caller may do with which resources: the one predicate for every interaction (SMART scopes v2).

A scope's ``?query`` is read by the door's own search parser, so that it means what it means in a search.
Such criteria are tokens, references and ids only: they are asked of old versions and of what is about to be
written too, which no index holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from server.caller import EVERYBODY, Caller, Deed, Scope
from server.errors import Category, Fault, fault
from server.fhir.bindings import KEPT, PUBLISHED
from server.fhir.definitions.types import AUDITS
from server.fhir.meeting import meets, tellable
from server.fhir.query.asked import pairs_of, unknown_parameters
from server.fhir.query.asker import Asker
from server.fhir.query.conditions import condition, known
from server.fhir.subscriptions.ownership import TYPE as SUBSCRIPTION
from server.fhir.subscriptions.ownership import owned_by
from server.query import ALWAYS, NEVER, AllOf, AnyOf, Chain, Has, Not, Row, Test

CONTEXT = ("Binary", "security-context")
"""The type whose resources are seen by whoever sees another one, and the parameter that leads to it."""
CONTEXTS = tuple(each for each in KEPT if each != CONTEXT[0])
"""What it may lead to: Binaries that hide each other in a ring hide nothing."""
_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""For the parser; nothing that a scope may say depends on the time."""


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights of one caller at this door."""

    caller: Caller
    base: str

    @property
    def unbounded(self) -> bool:
        """Nobody is told apart: there is nothing to look at."""
        return self.caller is EVERYBODY

    def sees(self, type_: str, deed: Deed) -> Test:
        """What a resource must meet for ``deed``: ALWAYS for all of a type, NEVER for none."""
        if type_ in PUBLISHED:  # like the CapabilityStatement
            return ALWAYS
        if type_ == AUDITS and "auditor" not in self.caller.roles:
            return NEVER
        scoped = self._scoped(type_, deed)
        if type_ != SUBSCRIPTION or self.unbounded or scoped == NEVER:
            return scoped
        mine = owned_by(self.caller.client)  # its channel may hold what lets its owner's system in
        return mine if scoped == ALWAYS else AllOf((mine, scoped))

    def _scoped(self, type_: str, deed: Deed) -> Test:
        only = self.caller.only(type_, deed)
        if only is None:
            return ALWAYS
        tests = tuple(_criteria(type_, query, self.base) for query in only)
        return tests[0] if len(tests) == 1 else AnyOf(tests)

    def finding(self, type_: str) -> tuple[Test, ...]:
        """What a resource of a type must meet to be found; nothing when all of them are."""
        context = (self.in_context(),) if type_ == CONTEXT[0] else ()
        return tuple(each for each in (self.sees(type_, Deed.SEARCH), *context) if each != ALWAYS)

    def in_context(self) -> Test:
        """What a Binary must meet beside its scopes: it is not of what the caller may not see.

        R4 binary.html#security-context.
        """
        _, param = CONTEXT
        partly = {type_: self._read_or_found(type_) for type_ in CONTEXTS}
        hidden = [Chain(param, type_, (Not(test),)) for type_, test in partly.items() if test != ALWAYS]
        return Not(AnyOf(tuple(hidden)))

    def _read_or_found(self, type_: str) -> Test:
        tests = (self.sees(type_, Deed.READ), self.sees(type_, Deed.SEARCH))
        return ALWAYS if ALWAYS in tests else AnyOf(tests)

    def covers(self, deeds: Iterable[Deed], type_: str, id_: str, rows: Sequence[Row]) -> bool:
        """Whether one of ``deeds`` is allowed on a resource that has these rows."""
        return any(meets(self.sees(type_, deed), id_, rows) for deed in deeds)

    def demand(self, type_: str, deed: Deed) -> None:
        """Raises Fault(FORBIDDEN) when the caller may do this with no resource of the type."""
        if type_ in KEPT and self.sees(type_, deed) == NEVER:
            raise beyond(type_, deed, self.caller)

    def demand_ways(self, tests: Iterable[Test]) -> None:
        """Raises Fault(FORBIDDEN) when a chain leads through a type of which the caller may find nothing."""
        for test in tests:
            match test:
                case Chain() | Has():
                    self.demand(test.type, Deed.SEARCH)
                    self.demand_ways(test.where)
                case AllOf() | AnyOf():
                    self.demand_ways(test.tests)
                case Not():
                    self.demand_ways((test.test,))
                case _:
                    pass


def beyond(type_: str, deed: Deed, caller: Caller) -> Fault:
    """Which scope it would take; nothing of what is here."""
    if type_ == AUDITS and caller.may(type_, deed):
        return fault(Category.FORBIDDEN, "forbidden", "AuditEvents are for clients with the role auditor")
    text = f"this needs the scope system/{type_}.{deed.value}, which this client's token does not hold"
    return fault(Category.FORBIDDEN, "forbidden", text)


def outside(type_: str, deed: Deed) -> Fault:
    """Allowed for part of a type, and what was sent is not in that part."""
    text = (
        f"the scopes system/{type_}.{deed.value} of this client's token cover only part of {type_}, not this"
    )
    return fault(Category.FORBIDDEN, "forbidden", text)


def unseen(type_: str) -> Fault:
    """What was sent would double, or replace, what the caller may not know of."""
    return fault(
        Category.FORBIDDEN, "forbidden", f"this client cannot make this {type_}; use other identifiers"
    )


def demand_holdable(scope: Scope, base: str) -> None:
    """Whether this door can hold a client to a scope.

    Raises:
        Fault: INCORRECT, saying what criteria are accepted.
    """
    if not scope.query:
        return
    types = [type_ for type_ in KEPT if scope.type in ("*", type_)]
    for type_ in types:
        _criteria(type_, scope.query, base)
    pairs = pairs_of(scope.query)
    for place, (name, _) in enumerate(pairs, 1):
        if types and not any(known(type_, name) for type_ in types):
            raise unknown_parameters(types[0], [place])


@lru_cache(maxsize=1_024)
def _criteria(type_: str, query: str, base: str) -> Test:
    """The criteria of a scope as a test; a type that has not the parameter meets none of ``system/*``'s."""
    pairs = pairs_of(query)
    if not all(known(type_, name) for name, _ in pairs):
        return NEVER
    asker = Asker(base, _AT)
    tests = tuple(condition(type_, name, text, asker) for name, text in pairs)
    if not all(tellable(each) for each in tests):
        text = "criteria of a scope are tokens, references and _id, without chains"
        raise fault(Category.INCORRECT, "not-supported", text)
    return tests[0] if len(tests) == 1 else AllOf(tests)
