"""What a write-up needs beyond the nouns: names of things as the other side knows them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.fhir.pens.datatypes import Json, identifier, logical
from server.fhir.terms import Business, Reason
from server.model import ResourceKey

Identifier = Mapping[str, Any]

_MINT = uuid.UUID("6f1d6f5e-0c0a-5b0f-9a53-3d1f7c2c9b10")
"""Namespace of all identifiers that a receiver sees. Changing it doubles what was delivered."""


def mint(case_id: str, what: str) -> uuid.UUID:
    """The identifier of one thing that a case writes (RFC 4122, version 5).

    Computed, not drawn: a second write-up of the same case names the same things, so that
    the far side's conditional creates recognise them.
    """
    return uuid.uuid5(_MINT, f"{case_id}/{what}")


@dataclass(frozen=True, slots=True)
class Operator:
    """The organisation that takes responsibility for what we send."""

    name: str
    identifier: Identifier | None = None

    def reference(self) -> Json:
        """Reference(Organization), by identifier when there is one, else by name alone."""
        if self.identifier is None:
            return {"type": "Organization", "display": self.name}
        return logical("Organization", self.identifier, self.name)


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Who a case's write-ups are about and go to, in the receiver's own identifiers."""

    case: str
    patient: Identifier
    task: Identifier
    """By which the EHR's Task is updated; ``system`` and ``value`` are both needed."""
    posted: Mapping[str, Any]
    """The EHR's Task as it stands at our door."""
    operator: Operator
    known: Mapping[str, Identifier]
    """``Type/id`` at our door -> identifier over there; only those that have one."""
    shown: bool = False
    """The AI opinion is there already: each version of its Task names it."""

    def minted(self, what: str) -> str:
        return str(mint(self.case, what))

    def urn(self, what: str) -> str:
        """The fullUrl of an entry of our transactions, and how its other entries refer to it."""
        return f"urn:uuid:{mint(self.case, what)}"

    def label(self, system: str, what: str) -> Json:
        """The minted Identifier of one thing."""
        return identifier(system, self.minted(what))

    def subject(self) -> Json:
        """Reference(Patient)."""
        return logical("Patient", self.patient)

    def placed(self) -> Json:
        """Reference to the EHR's Task."""
        return logical("Task", self.task)

    def reference(self, key: str, display: str = "") -> Json | None:
        """Reference to what stands at our door as ``Type/id``; None when it cannot be named there."""
        type_, _, rest = key.partition("/")
        its_own = self.patient if type_ == "Patient" else None
        known_as = self.known.get(f"{type_}/{rest.partition('/')[0]}", its_own)
        if known_as is not None:
            return logical(type_, known_as, display)
        return {"type": type_, "display": display} if display else None

    def references(self, keys: Iterable[ResourceKey]) -> list[Json]:
        """References to those of our resources that the receiver can name."""
        named = [self.reference(str(key)) for key in keys]
        return [reference for reference in named if reference is not None]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a Task stands."""

    status: str
    business: Business | None = None
    reason: str = ""
    """statusReason.text, of this status only; never holds data of the patient."""
    code: Reason | None = None
    """statusReason.coding."""
