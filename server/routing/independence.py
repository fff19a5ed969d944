"""What is checked of somebody, or of a model, that assesses a case for its patient (second-reading S5.4).

Of people by the filters that choose specialists, with the reporting line demanded whatever the policy says.
What is not known is not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.model import Card, Check, Finding, Specialist
from server.routing.filters import INDEPENDENCE
from server.routing.terms import Terms

TOGETHER = 0.5
"""Phi from which errors count as shared: half of the way from chance to being wrong on the same people."""
_OF_A_MODEL = ("vendor", "model family", "training source", "errors")
_WORST = (Finding.DIFFERENT, Finding.UNKNOWN, Finding.SHARED)
_WHAT = ("person", "organisation", "reporting line")
_UNKNOWN = "cannot be shown"
_UNSEEN = (
    "no earlier opinion was shown at this server to the assessor, or to a system that speaks for them, "
    "before theirs was signed"
)
_NOT_KNOWN = "it cannot be known whether the assessor was shown an earlier opinion"

_SIGHT_OF_A_MODEL = Check("sight", Finding.DIFFERENT, "no earlier opinion was shown to the model")


def checks(role: str, directory: Sequence[Specialist], terms: Terms) -> tuple[Check, ...]:
    """Person, organisation and reporting line against everybody who gave an earlier opinion, and sight."""
    found = next((each for each in directory if each.role == role), None)
    if found is None:
        words = "the directory does not have the assessor any more"
        return tuple(Check(what, Finding.UNKNOWN, words) for what in (*_WHAT, "sight"))
    strict = replace(terms, rules=replace(terms.rules, reporting_line=True))
    said = [check(found, strict, ()) for check in INDEPENDENCE]
    return (*(_check(what, words) for what, words in zip(_WHAT, said, strict=True)), _sight(found, terms))


def _sight(found: Specialist, terms: Terms) -> Check:
    """While the question is open the seal shows nothing; who was shown what before is in the audit trail."""
    shown, looked = terms.shown(found), terms.looked
    if any(each.found for each in shown):
        words = "an earlier opinion was shown to a system that speaks for the assessor or their organisation"
        return Check("sight", Finding.SHARED, words)
    if looked is None:
        return Check("sight", Finding.UNKNOWN, f"{_NOT_KNOWN}: the record of accesses cannot be read")
    if any(each.found for each in looked if not each.speaks_for):
        words = f"{_NOT_KNOWN}: a system that speaks for nobody in particular has read one"
        return Check("sight", Finding.UNKNOWN, words)
    if shown or any(not each.speaks_for for each in looked):
        words = f"{_NOT_KNOWN}: the patient's record was searched before, and what a search shows is not kept"
        return Check("sight", Finding.UNKNOWN, words)
    return Check("sight", Finding.DIFFERENT, _UNSEEN)


def model_checks(before: Sequence[Card | None], other: Card) -> tuple[Check, ...]:
    """Another model against each that has read before (None: its card is not here any more), and sight."""
    each = [_against(first, other) for first in before] or [()]
    worst = (max(alike, key=lambda check: _WORST.index(check.finding)) for alike in zip(*each, strict=True))
    return (*worst, _SIGHT_OF_A_MODEL)


def _against(first: Card | None, other: Card) -> tuple[Check, ...]:
    if first is None:
        words = "the card of a model that has read before is not here any more"
        return tuple(Check(what, Finding.UNKNOWN, words) for what in _OF_A_MODEL)
    if first.identity == other.identity:
        words = "this very model has read before"
        return tuple(Check(what, Finding.SHARED, words) for what in _OF_A_MODEL)
    told = ((first.manufacturer, other.manufacturer), (first.family, other.family))
    known = (*told, (first.trained_on, other.trained_on))
    pairs = zip(_OF_A_MODEL, known, strict=False)
    return (*(_told_apart(what, *pair) for what, pair in pairs), _errors(first, other))


def _told_apart(what: str, one: str, other: str) -> Check:
    if not one or not other:
        return Check(what, Finding.UNKNOWN, f"the {what} of both models is not known")
    if one.casefold() == other.casefold():
        return Check(what, Finding.SHARED, f"the {what} is the same as the first model's")
    return Check(what, Finding.DIFFERENT, f"another {what}")


def _errors(first: Card, other: Card) -> Check:
    """That it is known is asked for (S5.4); how much is too much nobody has published, and we draw a line."""
    measured = other.shared_errors
    if measured is None or measured.other != first.identity:
        return Check("errors", Finding.UNKNOWN, "how far their errors go together has not been measured")
    words = f"their errors go together by phi = {measured.phi:.2f}, measured on {measured.cases} cases"
    return Check("errors", Finding.SHARED if measured.phi >= TOGETHER else Finding.DIFFERENT, words)


def _check(what: str, obstacle: str | None) -> Check:
    if obstacle is None:
        return Check(what, Finding.DIFFERENT, f"another {what}")
    if obstacle.startswith(_UNKNOWN):
        return Check(what, Finding.UNKNOWN, f"the assessor {obstacle}")
    return Check(what, Finding.SHARED, f"the {what} is shared with somebody who gave an earlier opinion")
