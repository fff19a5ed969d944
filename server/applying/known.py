"""Which stored resource a draft is about: by any of its identifiers; for a patient, whoever lives on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from server.fhir.merge import successor
from server.fhir.parse import own
from server.hl7v2.mapping.patients import NOT_A_PERSON, SECONDARY
from server.ports import Resource, Shelf, Stored
from server.query import Query, Reference, Token

_MOST = 1_000


class Doubt(Exception):
    """A person must look before anything of the message is stored; ``reasons`` hold no values."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Found:
    """A patient as the store has them."""

    living: Stored | None
    """The record that stands; None: nobody by these identifiers."""
    through: tuple[Stored, ...] = ()
    """Records that carry one of them and have been merged into it."""


def by_identifiers(shelf: Shelf, type_: str, identifiers: Collection[tuple[str, str]]) -> list[Stored]:
    """Every resource of a type that carries one of these (system, value)."""
    if not identifiers:
        return []
    return shelf.find(Query(type_, (Token("identifier", tuple(identifiers)),)), _MOST)


def one(shelf: Shelf, type_: str, identifiers: Collection[tuple[str, str]]) -> Stored | None:
    """The one resource that these identify.

    Raises:
        Doubt: they identify several.
    """
    found = by_identifiers(shelf, type_, identifiers)
    if len(found) > 1:
        raise Doubt(f"its identifiers belong to several resources of type {type_} here")
    return found[0] if found else None


def patient(shelf: Shelf, identifiers: Collection[tuple[str, str]]) -> Found:
    """Raises Doubt when they are of several living people, or nobody can tell who lives on."""
    found = [each for each in by_identifiers(shelf, "Patient", identifiers) if _identified(each, identifiers)]
    living: dict[str, Stored] = {}
    through = []
    for each in found:
        last = successor(shelf.read, each)
        if last is None:
            raise Doubt("the patient's record was merged into one that is not here, or in a circle")
        living[last.id] = last
        if last.id != each.id:
            through.append(each)
    if len(living) > 1:
        raise Doubt("its patient identifiers belong to several patients here")
    return Found(next(iter(living.values()), None), tuple(through))


def _identified(stored: Stored, names: Collection[tuple[str, str]]) -> bool:
    """By a number that tells who somebody is: accounts, visits, papers and second numbers do not."""
    return any(
        (each.get("system"), each.get("value")) in names
        and each.get("use") != SECONDARY
        and not any(coding.get("code") in NOT_A_PERSON for coding in each.get("type", {}).get("coding", []))
        for each in body(stored).get("identifier", [])
    )


def answering(shelf: Shelf, order: str) -> list[Stored]:
    """The reports that answer ``ServiceRequest/id``, or are to, oldest first."""
    return shelf.find(Query("DiagnosticReport", (Reference("based-on", (order,)),)), _MOST)


def body(stored: Stored) -> Resource:
    return own(stored.body)
