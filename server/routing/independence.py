"""What is checked of somebody who assesses a case for its patient (second-reading S5.4).

By the filters that choose specialists, with the reporting line demanded whatever the policy demands: what is
not known is not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.model import Check, Finding, Specialist
from server.routing.filters import INDEPENDENCE
from server.routing.terms import Terms

_WHAT = ("person", "organisation", "reporting line")
_UNKNOWN = "cannot be shown"
_SIGHT = Check(
    "sight", Finding.DIFFERENT, "no earlier opinion was shown to the assessor before theirs was signed"
)
"""By the law and the seal: opinions on a question that is open are shown to nobody who reads for it."""


def checks(role: str, directory: Sequence[Specialist], terms: Terms) -> tuple[Check, ...]:
    """Person, organisation and reporting line against everybody who gave an earlier opinion, and sight."""
    found = next((each for each in directory if each.role == role), None)
    if found is None:
        words = "the directory does not have the assessor any more"
        return (*(Check(what, Finding.UNKNOWN, words) for what in _WHAT), _SIGHT)
    strict = replace(terms, rules=replace(terms.rules, reporting_line=True))
    said = [check(found, strict, ()) for check in INDEPENDENCE]
    return (*(_check(what, words) for what, words in zip(_WHAT, said, strict=True)), _SIGHT)


def _check(what: str, obstacle: str | None) -> Check:
    if obstacle is None:
        return Check(what, Finding.DIFFERENT, f"another {what}")
    if obstacle.startswith(_UNKNOWN):
        return Check(what, Finding.UNKNOWN, f"the assessor {obstacle}")
    return Check(what, Finding.SHARED, f"the {what} is shared with somebody who gave an earlier opinion")
