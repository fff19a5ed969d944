"""An opinion on a case that is open is not shown at this door, to anyone: neither the first one nor another.

A specialist reads blind, and works for the same hospitals as the first reader may: what one client may
see, a person may see who uses another. So the veil does not ask who is there, also where callers are told
apart (server/fhir/access.py). Whoever wrote an opinion has a copy; to correct it, they need only the
version that their own POST or PUT answered.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.caller import EVERYBODY, Caller
from server.errors import Category, fault
from server.fhir.admission import is_final_read
from server.fhir.parse import own
from server.fhir.references import normal, pointers, targets
from server.fhir.terms import CONTEST, FINAL_READ, OUTCOME
from server.ports import SEALABLE, Resource, Seals, Stored
from server.query import ALWAYS, AnyOf, Not, Reference, Sealed, Test

_REPORT, _FINDING, _REQUEST, _TASK = "DiagnosticReport", "Observation", "ServiceRequest", "Task"
_TELLING = tuple(f'"{each}"'.encode() for each in (CONTEST.code, OUTCOME.code, "completed"))
"""A contest, what turned out, and how a case has ended."""


def demand_shown(seals: Seals, stored: Stored, caller: Caller = EVERYBODY) -> Stored:
    """``stored``, or a refusal while it is under seal.

    The Task that shows a specialist both opinions is theirs: of a client that is registered to speak for
    them, or of whoever knows its address, which is told nobody else and cannot be guessed.

    Raises:
        Fault: FORBIDDEN, saying until when.
    """
    if _is_final_read(stored) and (not caller.speaks_for or _spoken_for(stored, caller)):
        return stored
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


def demand_kept(seals: Seals, before: Stored, after: Resource | None) -> None:
    """What a report answers, and that it is here, is what its findings, and what tells of it, are known by.

    Raises:
        Fault: CONFLICT when it is deleted under seal, UNPROCESSABLE when it no longer answers what it did.
    """
    if before.type != _REPORT or not under_seal(seals, before):
        return
    if after is None:
        text = (
            "an opinion on a case is not deleted before the case is resolved; "
            "PUT it with status entered-in-error"
        )
        raise fault(Category.CONFLICT, "conflict", text)
    asked = seals.under_seal(_answered(own(before.body)))
    if not asked.issubset(_answered(after)):
        text = "an opinion on a case stays based on the request that it answers until the case is resolved"
        raise fault(Category.UNPROCESSABLE, "business-rule", text, f"{_REPORT}.basedOn")


def _answered(report: Resource) -> list[str]:
    based = report.get("basedOn", [])
    named = [normal(each["reference"]) for each in based if each.get("reference")]
    return [each for each in named if each.startswith(f"{_REQUEST}/")]


def visible(type_: str, caller: Caller = EVERYBODY) -> Test | None:
    """Which resources of a type a search may look at: a sealed one tells nothing by being found either."""
    if type_ == _TASK and caller.speaks_for:
        return AnyOf((Not(Sealed()), Reference("owner", tuple(sorted(caller.speaks_for)))))
    return Not(Sealed()) if type_ in SEALABLE or type_ == _TASK else ALWAYS


def under_seal(seals: Seals, stored: Stored) -> bool:
    return not without_sealed(seals, [stored])


def without_sealed(seals: Seals, found: Sequence[Stored], caller: Caller = EVERYBODY) -> list[Stored]:
    """Those that may be shown."""
    grounds = [[] if _spoken_for(each, caller) else _grounds(each) for each in found]
    asked = {each for several in grounds for each in several}
    answering = {f"{_FINDING}/{each.id}" for each in found if _answers(each)}
    sealed = seals.under_seal(asked, answering) if asked else frozenset()
    return [each for each, several in zip(found, grounds, strict=True) if sealed.isdisjoint(several)]


def _grounds(stored: Stored) -> list[str]:
    """Itself; and what this version of it was about, which the newest may not name: of a report the
    requests that it answers, of anything else the reports that it refers to.
    """
    if stored.type == _TASK:
        return [f"{_TASK}/{stored.id}"] if _may_tell(stored) else []
    if stored.type not in SEALABLE:
        return []
    named = [f"{stored.type}/{stored.id}"]
    if stored.deleted:
        return named
    if stored.type == _REPORT:
        named += _answered(own(stored.body))
    elif f"{_REPORT}/".encode() in stored.body:
        told = targets(pointers(own(stored.body)))
        named += [each for each in told if each.startswith(f"{_REPORT}/")]
    return named


def _may_tell(stored: Stored) -> bool:
    """Whether this version of a Task may hold what somebody says of an opinion; of no other it is asked."""
    said = not stored.deleted and any(each in stored.body for each in _TELLING)
    return said or _is_final_read(stored)


def _is_final_read(stored: Stored) -> bool:
    named = stored.type == _TASK and not stored.deleted and FINAL_READ.code.encode() in stored.body
    return named and is_final_read(own(stored.body))


def _spoken_for(stored: Stored, caller: Caller) -> bool:
    """Whether it is a specialist's final read, and the client is registered to speak for them."""
    if not caller.speaks_for or not _is_final_read(stored):
        return False
    return normal(own(stored.body).get("owner", {}).get("reference", "")) in caller.speaks_for


def _answers(stored: Stored) -> bool:
    """Whether this version of an Observation says more than a number, which the newest need not."""
    if stored.type != _FINDING or stored.deleted:
        return False
    if b'"valueCodeableConcept"' not in stored.body and b'"valueQuantity"' in stored.body:
        return False
    told = own(stored.body)
    values = [told, *told.get("component", [])]
    coded = any("valueCodeableConcept" in each for each in values)
    return coded or not any("valueQuantity" in each or "valueSampledData" in each for each in values)
