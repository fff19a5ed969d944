"""What a message says, before anybody has looked what is stored: drafts, merges, orders, remarks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = dict[str, Any]
Identifiers = tuple[tuple[str, str], ...]
"""(system, value)."""

REFERENCE = "draft:"
"""What a reference to another draft of the story begins with; its name follows."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One resource as this message knows it."""

    name: str
    """Local to this message: ``patient``, ``order-1``, ``report-1``, ``result-1-3``."""
    type: str
    resource: Json
    """R4 JSON without ``id``; numbers are Decimals with the digits that were sent. References to other drafts
    are ``{"reference": "draft:patient"}``."""
    identifiers: Identifiers
    """A stored resource with any of these is the same thing; empty: always a new one. Each stands in the
    resource's ``identifier`` too, which an update adds to and never replaces."""
    cleared: tuple[str, ...] = ()
    """Elements that ``""`` deletes; only of fields that the link names."""
    owned: tuple[str, ...] = ()
    """Elements that this message speaks of: an update replaces those of them that the draft has a value for
    (an empty field is no change, HL7 v2.8 section 2.5.3). All others count only where nothing is stored."""


class Kind(StrEnum):
    """What an ADT message says of two identifiers."""

    MERGE = "merge"
    """Two records of one person (A40, A34)."""
    CHANGE_ID = "change-id"
    """One record whose number is another now (A47)."""


@dataclass(frozen=True, slots=True)
class Merge:
    """MRG-1 dies, PID-3 lives."""

    survivor: Identifiers
    loser: Identifiers
    kind: Kind
    patient: str
    """The survivor's draft."""


@dataclass(frozen=True, slots=True)
class Order:
    """One ORC/OBR pair, or a referral's RF1."""

    order: str | None
    """Name of the ServiceRequest's draft; None: a result that names no order."""
    question: str | None
    """From the link's ``asks``, by OBR-4."""
    control: str
    """ORC-1; empty where none is said."""
    placer: Identifiers
    filler: Identifiers
    accessions: Identifiers
    studies: tuple[str, ...]
    """Study Instance UIDs (ZDS-1, IPC-3)."""
    report: str | None
    """Name of the DiagnosticReport's draft, if this message reports."""
    patient: str | None
    """Name of the patient's draft."""


@dataclass(frozen=True, slots=True)
class Story:
    """All that a message says."""

    drafts: tuple[Draft, ...]
    """Referred-to first: a reference points to a draft before its own."""
    merges: tuple[Merge, ...]
    orders: tuple[Order, ...]
    event: str
    """``ADT^A08``."""
    happened_at: datetime
    """EVN-2, else MSH-7, else (absent or absurd) when it was received."""
    notes: tuple[str, ...]
    """What was left out or read otherwise than it stands, each with its place and without values."""
    doubts: tuple[str, ...]
    """Why a person must look before any of this is stored; without values."""
