"""ADT A40 and A34: two records become one; A47: a number becomes another (HL7 v2.8 chapter 3).

The sender's word is taken where it is one: a circle, or a second word against the first, is for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.applying.known import Doubt, Found, body, patient
from server.fhir.merge import OLD, merged
from server.fhir.stamp import stamped
from server.hl7v2.mapping.drafts import Identifiers, Kind, Merge
from server.ports import Resource, ResourceWrite, Shelf, Stored

_AGAINST = "an earlier message has merged these two the other way round, or in a circle"


@dataclass(frozen=True, slots=True)
class Merging:
    """What is written, and whose cases are whose."""

    writes: tuple[ResourceWrite, ...] = ()
    cases: tuple[tuple[str, str], ...] = ()


def merging(shelf: Shelf, said: Merge, at: datetime) -> Merging:
    """The survivor's record is here by now: the same message has brought it.

    Raises:
        Doubt: a person must look.
        Fault: TOO_LARGE.
    """
    winner, loser = _both(shelf, said)
    if said.kind is Kind.CHANGE_ID:
        return _renumbered(winner, loser, said, at)
    if winner.living is None:
        raise Doubt("the patient who lives on is not here")
    if loser.living is None:  # nobody has sent them yet: whoever names them from now on means the other
        return _numbered(winner.living, said.loser, at)
    if winner.living.id == loser.living.id:
        return Merging()
    writes = merged(shelf, loser.living, winner.living, at)
    return Merging(tuple(writes), ((f"Patient/{loser.living.id}", f"Patient/{winner.living.id}"),))


def demand_mergeable(shelf: Shelf, said: Merge) -> None:
    """Raises Doubt for what a person must look at, before anything of the message is written."""
    _both(shelf, said)


def _both(shelf: Shelf, said: Merge) -> tuple[Found, Found]:
    winner, loser = patient(shelf, said.survivor), patient(shelf, said.loser)
    if winner.living is None or loser.living is None:
        return winner, loser
    same = winner.living.id == loser.living.id
    if said.kind is Kind.CHANGE_ID:
        if not same:
            raise Doubt("the new number is another patient's here")
    elif same and not _is_survivor(winner, said.survivor):
        raise Doubt(_AGAINST)
    return winner, loser


def _is_survivor(winner: Found, names: Identifiers) -> bool:
    """Whether the record that lives on bears one of these numbers as its own, not as one taken over."""
    here = {} if winner.living is None else body(winner.living)
    return any(
        (each.get("system"), each.get("value")) in names and each.get("use") != OLD
        for each in here.get("identifier", [])
    )


def _renumbered(winner: Found, loser: Found, said: Merge, at: datetime) -> Merging:
    here = loser.living or winner.living
    if here is None:
        raise Doubt("nobody is here by the number that was changed")
    resource = body(here)
    kept = [
        {**each, "use": OLD} if (each.get("system"), each.get("value")) in said.loser else each
        for each in resource.get("identifier", [])
    ]
    known = [*kept, *_new(kept, said.survivor)]
    before = [{"use": OLD, **each} for each in _new(known, said.loser)]
    return _written(here, {**resource, "identifier": [*known, *before]}, resource, at)


def _numbered(winner: Stored, names: Identifiers, at: datetime) -> Merging:
    resource = body(winner)
    kept = resource.get("identifier", [])
    added = [{"use": OLD, **each} for each in _new(kept, names)]
    return _written(winner, {**resource, "identifier": [*kept, *added]}, resource, at)


def _new(kept: list[Resource], names: Identifiers) -> list[Resource]:
    known = {(each.get("system"), each.get("value")) for each in kept}
    return [{"system": system, "value": value} for system, value in names if (system, value) not in known]


def _written(was: Stored, after: Resource, before: Resource, at: datetime) -> Merging:
    if after == before:
        return Merging()
    return Merging((stamped(after, was.id, was.version + 1, max(at, was.updated_at)),))
