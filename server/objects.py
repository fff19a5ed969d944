"""What passes between the DICOM door and the store: an object that arrives, and what became of it."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from server.errors import Category, fault


class Operation(StrEnum):
    """What is asked for with what follows."""

    STORE = "store"
    """C-STORE, or a report on storage commitment."""
    BEGIN = "begin"
    """N-CREATE."""
    CHANGE = "change"
    """N-SET."""


@dataclass(frozen=True, slots=True)
class ObjectArrival:
    """What a request says of what follows it: an object (C-STORE, PS3.7 9.3.1.1), or news of one."""

    calling_ae: str
    called_ae: str
    peer: str
    """The address that it comes from."""
    sop_class: str
    sop_instance: str
    syntax: str
    """Transfer syntax of its presentation context: that of the data set."""
    received_at: datetime
    originator: str | None = None
    """Who asked for it by a C-MOVE."""
    source: str = ""
    """By which way it came, when not by C-STORE."""
    study: str = ""
    """Of which study it must be, where whoever sends it has said so."""
    operation: Operation = Operation.STORE


class Held(StrEnum):
    """What became of an object that was not refused."""

    STORED = "stored"
    ALREADY = "already held"
    """The same bytes are here under this UID."""
    BESIDE = "kept beside another"
    """Other bytes are here under this UID; both are kept."""
    OWN = "our own"
    """This server wrote it: kept, and evidence for nothing."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not held; ``text`` goes to the peer and into the log, and quotes nothing of the object."""

    category: Category
    text: str
    status: int = 0
    """Of the service's own (PS3.7 annex C), where it has one for this; 0: that of the category."""


Outcome = Held | Refused


class Receiving(Protocol):
    """One object while it comes. Threads call it, one at a time; each call may wait for the disk.

    Any call may raise OSError or Fault; nothing of it is held then, once ``abandon`` has been called.
    """

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """The next bytes of the data set."""
        ...

    def finish(self) -> Outcome:
        """Every byte has come. What it says is durable when it returns."""
        ...

    def abandon(self) -> None:
        """No more will come, or it is not wanted: leave nothing behind. Harmless after ``finish``."""
        ...


class Holding(Protocol):
    """Where objects go."""

    def begin(self, arrival: ObjectArrival) -> Receiving:
        """Raises OSError or Fault."""
        ...

    def has_room(self) -> bool:
        """Whether there is space to take objects at all. Quick: the door asks every second."""
        ...


@contextmanager
def receiving(holding: Holding, arrival: ObjectArrival) -> Iterator[Receiving]:
    """One object on its way; nothing of it is left behind when it does not come to its end.

    Raises:
        OSError, Fault: as ``Holding.begin``.
    """
    coming = holding.begin(arrival)
    try:
        yield coming
    except BaseException:
        coming.abandon()
        raise


def demand_held(became: Outcome) -> Held:
    """Raises Fault when it is not held."""
    if isinstance(became, Refused):
        raise fault(became.category, "processing", became.text)
    return became


@dataclass(frozen=True, slots=True)
class Header:
    """What identifies an object, as its data set says; what cannot be read is None.

    UIDs are always there: an object without them is refused.
    """

    sop_class: str
    sop_instance: str
    study: str
    series: str
    patient_id: str | None = field(default=None, repr=False)
    patient_id_issuer: str | None = field(default=None, repr=False)
    """Issuer of Patient ID, else the universal id of its qualifiers."""
    patient_name: str | None = field(default=None, repr=False)
    birth_date: str | None = field(default=None, repr=False)
    """DA as it stands there, as are all dates here."""
    sex: str | None = field(default=None, repr=False)
    age: str | None = field(default=None, repr=False)
    accession: str | None = field(default=None, repr=False)
    accession_issuer: str | None = field(default=None, repr=False)
    """Of the Issuer of Accession Number Sequence the universal id, else the local namespace."""
    series_number: int | None = None
    instance_number: int | None = None
    modality: str | None = None
    body_part: str | None = None
    view_position: str | None = None
    laterality: str | None = None
    rows: int | None = None
    columns: int | None = None
    samples: int | None = None
    """Per pixel."""
    bits: int | None = None
    """Allocated for each sample."""
    planar: int | None = None
    """Planar Configuration."""
    frames: int | None = None
    study_date: str | None = field(default=None, repr=False)
    study_time: str | None = field(default=None, repr=False)
    study_id: str | None = field(default=None, repr=False)
    study_description: str | None = field(default=None, repr=False)
    series_description: str | None = field(default=None, repr=False)
    referring: str | None = field(default=None, repr=False)
    """Referring physician."""
    maker: str | None = None
    """Of the device that acquired it: Manufacturer, its model's name, and its software's versions."""
    maker_model: str | None = None
    software: str | None = None
    step_date: str | None = field(default=None, repr=False)
    """When the performed procedure step began."""
    step_time: str | None = field(default=None, repr=False)
    series_date: str | None = field(default=None, repr=False)
    acquisition_date: str | None = field(default=None, repr=False)
    lossy: bool = False
    """LossyImageCompression is 01."""
    instances_of_study: int | None = None
    """NumberOfStudyRelatedInstances, where a sender is so kind."""
    character_set: str | None = None
    own: bool = False
    """It says of what model it is, by a UID that this program alone computes."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A whole object, durable in the vault as a file of PS3.10."""

    digest: str
    """SHA-256 of the file: its name in the vault."""
    data_digest: str
    """SHA-256 of the data set alone: the same for the same object from whomever."""
    size: int
    """Bytes of the file."""
    header: Header
    remarks: tuple[str, ...] = ()
    """What is not as it should be and was stored all the same."""


class Staged(Protocol):
    """A file on its way into the vault."""

    @property
    def size(self) -> int: ...

    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    def content(self) -> AbstractContextManager[bytearray | mmap.mmap]:
        """All that was written, before ``finish``."""
        ...

    def finish(self) -> str:
        """Make it durable under its SHA-256, which is returned."""
        ...

    def abandon(self) -> None:
        """Leave nothing behind. Harmless after ``finish``."""
        ...


class Stages(Protocol):
    """The vault, for what is too large to be held in memory."""

    def stage(self) -> Staged: ...

    def free(self) -> tuple[int, int]:
        """Bytes free, and bytes in all, of the disk."""
        ...


class ReceivingFile(Receiving, Protocol):
    """A Receiving that ends in a file, for a store that has rows to add."""

    def file(self) -> Filed:
        """Check that it is whole, and make it durable. Raises Fault when it is not to be held."""
        ...
