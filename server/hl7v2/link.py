"""What is agreed with one system that speaks HL7 v2 with us: who it is, and what its messages mean."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Reused(StrEnum):
    """What becomes of a control id that comes again with other content."""

    PROCESS = "process"
    """It is a message of its own, and flagged: some senders count from 1 each day."""
    REFUSE = "refuse"
    """AE, ERR-3 207, ERR-5 duplicate-control-id."""


class Bare(StrEnum):
    """How PID-3 (and MRG-1) without an assigning authority is taken."""

    HOLD = "hold"
    """The message is held for a person."""
    OURS = "ours"
    """It is of the link's ``patient_system``."""


@dataclass(frozen=True, slots=True)
class Named:
    """A system and facility, as MSH-3/4 or MSH-5/6 name it (HD: namespace or universal id); empty: any."""

    application: str = ""
    facility: str = ""


@dataclass(frozen=True, slots=True)
class Authority:
    """An assigning authority (HD) and the identifier system that FHIR has for it."""

    namespace: str
    """HD.1; empty: by universal id alone."""
    universal_id: str
    """HD.2; empty: by namespace alone."""
    system: str


@dataclass(frozen=True, slots=True)
class LocalCode:
    """A code of this system, and what it means."""

    code: str
    system: str
    """As the third component says it (table 0396, or a local name); empty: none is said."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Orders with one of these codes in OBR-4 ask one of our questions."""

    question: str
    codes: tuple[LocalCode, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a local code says in a code system that policies and cards know."""

    local: LocalCode
    system: str
    code: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One ``[[link]]`` table of the links file."""

    name: str
    sender: Named
    """Who it says that it is: MSH-3 and MSH-4; what comes under another name is refused."""
    addresses: tuple[Network, ...]
    certificates: frozenset[str] = frozenset()
    """SHA-256 of those of which it must show one; empty: any that the port takes, or none."""
    receiver: Named = field(default_factory=Named)
    """How it names us in MSH-5 and MSH-6; empty: whatever it likes."""
    processing: frozenset[str] = frozenset({"P"})
    """MSH-11.1 that is acted upon."""
    messages: frozenset[str] = frozenset()
    """``ADT^A08`` and the like; empty: all that this door takes."""
    character_set: str = "ASCII"
    """Where MSH-18 says nothing (table 0211, ``ASCII`` for none)."""
    strict: bool = False
    """No leniency: CR alone ends a segment, no byte order mark, three components in MSH-9 from 2.3.1 on."""
    reused_control_id: Reused = Reused.PROCESS
    batches: bool = False
    """BHS and FHS are taken; one acknowledgement for each message."""
    answers_to: str = ""
    """The [[hl7v2]] destination that application acknowledgements of the enhanced mode go to (MSH-16);
    empty: on the same connection."""
    order_system: str = ""
    """Identifier system of placer numbers (ORC-2) without an authority."""
    filler_system: str = ""
    """Of filler numbers (ORC-3)."""
    accession_system: str = ""
    """Of accession numbers (OBR-18, IPC-1)."""
    patient_system: str = ""
    bare_patient_ids: Bare = Bare.HOLD
    provider_system: str = ""
    """Of provider numbers (XCN.1) without an authority."""
    authorities: tuple[Authority, ...] = ()
    null_deletes: frozenset[str] = frozenset()
    """Fields of which ``""`` deletes what we have: ``PID-11``, ``PID-13``; elsewhere it is flagged."""
    asks: tuple[Asked, ...] = ()
    meanings: tuple[Meaning, ...] = ()
    zone: str = "UTC"
    """IANA name of the time zone of times without an offset."""

    def system_of(self, namespace: str, universal_id: str) -> str | None:
        """The identifier system of an assigning authority; None: it is not known here."""
        for each in self.authorities:
            by_id = bool(each.universal_id) and each.universal_id == universal_id
            by_name = bool(each.namespace) and each.namespace == namespace
            if by_id or (by_name and not universal_id):  # another universal id is another authority
                return each.system
        return None


Links = Mapping[str, Link]
