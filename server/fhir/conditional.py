"""Criteria in place of an id (R4 http.html#ccreate, #cond-update, #trules; the same for delete and patch).

The one place where they are read, and where what they match is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from server.errors import Category, fault
from server.fhir.definitions.parameters import PARAMETERS
from server.fhir.query.asked import conditions, pairs_of, unknown_parameters
from server.fhir.query.asker import Asker
from server.fhir.query.conditions import known
from server.fhir.query.controls import CONTROLS
from server.fhir.query.named import refused
from server.ports import Shelf, Stored
from server.query import AllOf, AnyOf, Chain, Composite, Has, Ids, Not, Query, Sealed, Test, Updated

_OPINION = frozenset({("DiagnosticReport", "conclusion")})
"""Whether such a write is a new one would tell what a report under seal says."""
_TELLING: Mapping[str, frozenset[str]] = {
    "Basic": frozenset({"code"}),
    "Condition": frozenset(
        {"body-site", "clinical-status", "code", "evidence", "severity", "stage", "verification-status"}
    ),
    "DetectedIssue": frozenset({"code"}),
    "DocumentReference": frozenset({"category", "description", "event", "type"}),
    "Observation": frozenset(
        each for each in PARAMETERS["Observation"] if "value-" in each or "absent-reason" in each
    ),
    "Provenance": frozenset({"activity", "reason"}),
    "RiskAssessment": frozenset({"condition", "probability", "risk"}),
}
"""Parameters that say what an opinion says, of what may be under seal beside a report."""


def condition(type_: str, text: str, asker: Asker) -> Query:
    """What is to be matched. Unknown parameters are refused, never ignored; what says how the answer is
    to look matches nothing.

    Raises:
        Fault: INCORRECT, as an ignored criterion could match a stranger's resource.
    """
    pairs = [pair for pair in pairs_of(text.removeprefix("?")) if pair[0] not in CONTROLS]
    if not pairs:
        raise fault(
            Category.INCORRECT, "required", "a conditional request needs at least one search parameter"
        )
    if unknown := [place for place, (name, _) in enumerate(pairs, 1) if not known(type_, name)]:
        raise unknown_parameters(type_, unknown)
    for code in (name.partition(":")[0] for name, _ in pairs):
        if (type_, code) in _OPINION:
            raise refused(code, "an opinion is no condition; use an identifier", "not-supported")
    return Query(type_, conditions(type_, pairs, asker))


def matching(shelf: Shelf, wanted: Query, without: Collection[str] = ()) -> list[Stored]:
    """Up to two current resources that match, but for those with the ids in ``without``.

    Raises:
        Fault: FORBIDDEN when it asks what something under seal says.
    """
    _demand_untelling(shelf, wanted)
    found = shelf.find(wanted, 2 + len(without))
    return [each for each in found if each.id not in without][:2]


def _demand_untelling(shelf: Shelf, wanted: Query) -> None:
    """Refused for what else is asked, whatever the answer: that it is refused tells nothing."""
    codes = _TELLING.get(wanted.type, frozenset())
    others = tuple(each for each in wanted.where if not _tells(each, codes))
    if len(others) < len(wanted.where) and shelf.find(Query(wanted.type, (*others, Sealed())), 1):
        text = (
            "while an opinion on an open case is among what may be meant, a condition does not ask what it "
            "says; use an identifier"
        )
        raise fault(Category.FORBIDDEN, "suppressed", text)


def _tells(test: Test, codes: Collection[str]) -> bool:
    match test:
        case Not():
            return _tells(test.test, codes)
        case AllOf() | AnyOf():
            return any(_tells(each, codes) for each in test.tests)
        case Composite():
            return any(_tells(each, codes) for tests in test.any_of for each in tests)
        case Chain() | Has() | Ids() | Updated() | Sealed():  # chains lead through nothing under seal
            return False
        case _:
            return re.split("[.:]", test.param, maxsplit=1)[0] in codes


def one_at_most(found: list[Stored], path: str) -> Stored | None:
    """The one that matches, or None.

    Raises:
        Fault: STALE when there is more than one.
    """
    if len(found) > 1:
        text = "more than one resource matches; give criteria that match one"
        raise fault(Category.STALE, "multiple-matches", text, path)
    return found[0] if found else None
