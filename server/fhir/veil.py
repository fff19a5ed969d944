"""An opinion on a case that is open is not shown at this door, to anyone: neither the first one nor another.

A specialist reads blind, and works for the same hospitals as the first reader may: what one client may
see, a person may see who uses another. So the veil does not ask who is there, also where callers are told
apart (server/fhir/access.py). Whoever wrote an opinion has a copy; to correct it, they need only the
version that their own POST or PUT answered.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.errors import Category, fault
from server.fhir.parse import own
from server.fhir.references import normal, pointers, targets
from server.ports import SEALABLE, Seals, Stored
from server.query import ALWAYS, Not, Sealed, Test

_REPORT = "DiagnosticReport"


def demand_shown(seals: Seals, stored: Stored) -> Stored:
    """``stored``, or a refusal while it is under seal.

    Raises:
        Fault: FORBIDDEN, saying until when.
    """
    if under_seal(seals, stored):
        raise fault(
            Category.FORBIDDEN,
            "suppressed",
            "an opinion on a case is not shown before the case is resolved; "
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
            "an opinion on a case is not patched before the case is resolved; "
            "PUT it with If-Match and the version that your last write was answered with"
        )
        raise fault(Category.FORBIDDEN, "suppressed", text)


def visible(type_: str) -> Test | None:
    """Which resources of a type a search may look at: a sealed one tells nothing by being found either."""
    return Not(Sealed()) if type_ in SEALABLE else ALWAYS


def under_seal(seals: Seals, stored: Stored) -> bool:
    return not without_sealed(seals, [stored])


def without_sealed(seals: Seals, found: Sequence[Stored]) -> list[Stored]:
    """Those that may be shown."""
    grounds = [_grounds(each) for each in found]
    asked = {each for several in grounds for each in several}
    sealed = seals.under_seal(asked) if asked else frozenset()
    return [each for each, several in zip(found, grounds, strict=True) if sealed.isdisjoint(several)]


def _grounds(stored: Stored) -> list[str]:
    """Itself; and what this version of it was about, which the newest may not name: of a report the
    requests that it answers, of anything else the reports that it refers to.
    """
    if stored.type not in SEALABLE:
        return []
    named = [f"{stored.type}/{stored.id}"]
    if stored.deleted:
        return named
    if stored.type == _REPORT:
        based = own(stored.body).get("basedOn", [])
        named += [normal(each["reference"]) for each in based if each.get("reference")]
    elif f"{_REPORT}/".encode() in stored.body:
        told = targets(pointers(own(stored.body)))
        named += [each for each in told if each.startswith(f"{_REPORT}/")]
    return named
