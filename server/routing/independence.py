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
_WHAT = ("person", "organisation", "reporting line")
_UNKNOWN = "cannot be shown"
_SIGHT = Check(
    "sight", Finding.DIFFERENT, "no earlier opinion was shown to the assessor before theirs was signed"
)
"""By the law and the seal: opinions on a question that is open are shown to nobody who reads for it."""


_SIGHT_OF_A_MODEL = Check("sight", Finding.DIFFERENT, "no earlier opinion was shown to the model")


def checks(role: str, directory: Sequence[Specialist], terms: Terms) -> tuple[Check, ...]:
    """Person, organisation and reporting line against everybody who gave an earlier opinion, and sight."""
    found = next((each for each in directory if each.role == role), None)
    if found is None:
        words = "the directory does not have the assessor any more"
        return (*(Check(what, Finding.UNKNOWN, words) for what in _WHAT), _SIGHT)
    strict = replace(terms, rules=replace(terms.rules, reporting_line=True))
    said = [check(found, strict, ()) for check in INDEPENDENCE]
    return (*(_check(what, words) for what, words in zip(_WHAT, said, strict=True)), _SIGHT)


def model_checks(first: Card, other: Card) -> tuple[Check, ...]:
    """Vendor, family, training data and errors of another model against the first one's, and sight."""
    known = (
        ("vendor", first.manufacturer, other.manufacturer),
        ("model family", first.family, other.family),
        ("training source", first.trained_on, other.trained_on),
    )
    return (*(_told_apart(*each) for each in known), _errors(first, other), _SIGHT_OF_A_MODEL)


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
