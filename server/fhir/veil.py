"""The first opinion of an open case is not shown at this door, to anyone.

Nobody is told apart here yet, and a specialist reads blind: what one may see, all may see. The EHR
has its own copy; to correct it, it needs only the version that its own POST or PUT answered.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.errors import Category, fault
from server.ports import Seals, Stored
from server.query import ALWAYS, Not, Sealed, Test

_TYPE = "DiagnosticReport"


def demand_shown(seals: Seals, stored: Stored) -> Stored:
    """``stored``, or a refusal while it is under seal.

    Raises:
        Fault: FORBIDDEN, saying until when.
    """
    if under_seal(seals, stored):
        raise fault(
            Category.FORBIDDEN,
            "suppressed",
            "the first opinion of a case is not shown before the case is resolved; "
            "to correct it, PUT with If-Match and the version that your last write was answered with",
        )
    return stored


def demand_unsealed(seals: Seals, stored: Stored) -> None:
    """A patch tells by what it does what it was made from: under seal there is none.

    Raises:
        Fault: FORBIDDEN, saying what is accepted instead.
    """
    if under_seal(seals, stored):
        text = (
            "the first opinion of a case is not patched before the case is resolved; "
            "PUT it with If-Match and the version that your last write was answered with"
        )
        raise fault(Category.FORBIDDEN, "suppressed", text)


def visible(type_: str) -> Test | None:
    """Which resources of a type a search may look at: a sealed one tells nothing by being found either."""
    return Not(Sealed()) if type_ == _TYPE else ALWAYS


def under_seal(seals: Seals, stored: Stored) -> bool:
    return bool(_sealed(seals, [stored]))


def without_sealed(seals: Seals, found: Sequence[Stored]) -> list[Stored]:
    """The search results that may be shown."""
    sealed = _sealed(seals, found)
    return [each for each in found if f"{each.type}/{each.id}" not in sealed]


def _sealed(seals: Seals, found: Sequence[Stored]) -> frozenset[str]:
    reports = [f"{each.type}/{each.id}" for each in found if each.type == _TYPE]
    return seals.under_seal(reports) if reports else frozenset()
