"""DICOM objects as the store keeps them: what identifies each, and where its bytes are. No pixels here.

The words are the standard's: a study holds series, a series holds instances (PS3.3 section A.1.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from server.model import Device
from server.objects import Held

OWN = "own:"
"""How ``source`` begins of what this server made itself, and what came back to it."""


@dataclass(frozen=True, slots=True)
class Named:
    """By what a study is matched to its order: as the modality wrote it, white space stripped."""

    study: str
    """Study Instance UID (0020,000D)."""
    patient_id: str = ""
    """Patient ID (0010,0020)."""
    issuer: str = ""
    """Issuer of Patient ID (0010,0021), or the universal id of its qualifiers (0010,0024)."""
    accession: str = ""
    """Accession Number (0008,0050)."""
    accession_issuer: str = ""
    """Issuer of Accession Number Sequence (0008,0051), universal id, else local namespace."""


@dataclass(frozen=True, slots=True)
class ImageObject:
    """One SOP instance as it came."""

    sop_instance: str
    sop_class: str
    series: str
    transfer_syntax: str
    named: Named
    digest: str
    """SHA-256 of the data set as it was received, without preamble and file meta information."""
    file: str
    """SHA-256 of the Part 10 file, by which the vault knows it."""
    size: int
    """Bytes of that file."""
    received_at: datetime
    source: str
    """By which way it came: ``CALLING>CALLED``, ``stow:client``, ``import``; behind ``OWN`` what we wrote."""
    header: dict[str, str] = field(default_factory=dict)
    """Other attributes that are searched and matched by keyword (PS3.6), without pixels."""


def device_of(header: Mapping[str, str]) -> Device:
    """What acquired an object; what its header does not tell is empty."""
    names = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions")
    return Device(*(header.get(each, "").strip() for each in names))


@dataclass(frozen=True, slots=True)
class Study:
    """A study with all that has come of it."""

    named: Named
    """As the first object said."""
    first_at: datetime
    changed_at: datetime
    """When an object came last that was not here before."""
    objects: tuple[ImageObject, ...]
    """In the order in which they came; without what this server wrote."""
    contradictions: tuple[str, ...] = ()
    """Why nobody may take this study for what it says: texts without values."""
    own: int = 0
    """How many more are here that this server wrote."""


class Images(Protocol):
    """The store of DICOM objects."""

    def hold(self, came: ImageObject) -> Held:
        """Make the record durable; the file is in the vault already. Cases that wait for it look again."""
        ...

    def study(self, uid: str) -> Study | None:
        """None as well where all that is here of it was written by this server."""
        ...

    def studies_of(self, accession: str) -> tuple[str, ...]:
        """Study Instance UIDs that carry this accession number, in the order in which they came."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an order is about, beside the identifiers."""

    names: frozenset[str] = field(default=frozenset(), repr=False)
    """All words of all names (``server.words.name_words``)."""
    born: str = field(default="", repr=False)
    """The day, as DICOM writes it (DA); empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """What an order says of the study that it is about. Identifiers are pairs (system, value)."""

    studies: tuple[str, ...]
    """Study Instance UIDs that it names."""
    accessions: tuple[tuple[str, str], ...]
    patient_ids: tuple[tuple[str, str], ...]
    expected: int | None = None
    """How many instances the study has, where somebody who knows has said so."""
    person: Person = Person()


def by_study(uid: str) -> str:
    """The name under which a case waits for a study."""
    return f"study:{uid}"


def by_accession(number: str) -> str:
    """The name under which a case waits for whatever study carries its accession number."""
    return f"accession:{number}"
