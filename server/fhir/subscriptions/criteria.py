"""The filters of a Subscription: searches of the topic's type that one resource can be held against."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from server.errors import Category, Fault, fault
from server.fhir.query.asked import conditions, pairs_of, unknown_parameters
from server.fhir.query.asker import Asker
from server.fhir.query.conditions import known
from server.fhir.query.controls import CONTROLS
from server.fhir.query.meeting import Unwritten, meets
from server.query import AllOf, AnyOf, Chain, Has, Not, Sealed, Test

_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""For the parser; nothing that is accepted here depends on the time."""
_PLACE = "Subscription.criteria"


def demand_filter(type_: str, text: str, base: str) -> None:
    """Whether a filter can be held against what changes.

    Raises:
        Fault: UNPROCESSABLE, saying what is accepted.
    """
    try:
        read(type_, text, base)
    except Fault as failure:
        issue = failure.issues[0]
        told = f"filter: {issue.text}"
        raise fault(Category.UNPROCESSABLE, issue.code, told, f"{_PLACE}.extension") from failure


def fits(type_: str, filters: tuple[str, ...], base: str, changed: Unwritten) -> bool:
    """Whether what has changed meets all filters."""
    return all(meets(changed, read(type_, each, base)) for each in filters)


@lru_cache(maxsize=1_024)
def read(type_: str, text: str, base: str) -> tuple[Test, ...]:
    """``Type?query`` as tests.

    Raises:
        Fault: INCORRECT for another type, an unknown parameter, and what leads beyond the resource.
    """
    asked, mark, query = text.partition("?")
    if asked != type_ or not mark or not query:
        raise fault(Category.INCORRECT, "value", f"{type_}?parameter=value is accepted for this topic")
    pairs = pairs_of(query)
    unknown = [
        place
        for place, (name, _) in enumerate(pairs, 1)
        if not known(type_, name) or name.partition(":")[0] in CONTROLS
    ]
    if unknown:
        raise unknown_parameters(type_, unknown)
    found = conditions(type_, pairs, Asker(base, _AT))
    if not all(_alone(each) for each in found):
        text = "parameters of the resource itself are accepted, without chains and _has"
        raise fault(Category.INCORRECT, "not-supported", text)
    if any(text[:2] == "ap" for name, text in pairs):
        text = "ap is measured from the present, which passes; give a period with ge and lt"
        raise fault(Category.INCORRECT, "not-supported", text)
    return found


def _alone(test: Test) -> bool:
    match test:
        case AllOf(tests) | AnyOf(tests):
            return all(_alone(each) for each in tests)
        case Not(inner):
            return _alone(inner)
        case _:
            return not isinstance(test, Chain | Has | Sealed)
