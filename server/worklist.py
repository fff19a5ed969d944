"""What modalities are to make: orders as values, for the door that tells them of it.

The FHIR door knows the orders, the DICOM door asks for them by this port; neither knows the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One order for images that have not come, with its one step. Texts as DICOM writes them."""

    what: str
    """``ServiceRequest/id/_history/n``."""
    study: str
    """Study Instance UID that the images shall have."""
    accession: str
    patient_name: str = field(repr=False)
    """Person Name (PS3.5 6.2)."""
    patient_ids: tuple[tuple[str, str], ...] = field(repr=False)
    """(system, value), the one by which images shall name the patient first."""
    birth_date: str = field(repr=False)
    sex: str
    requested_id: str
    """Requested Procedure ID."""
    placer: str
    """Placer Order Number."""
    description: str
    codes: tuple[tuple[str, str, str], ...]
    """Of what is to be done: (value, coding scheme designator, meaning)."""
    priority: str
    requester: str = field(repr=False)
    modality: str
    station: str
    """AE title; empty: whoever asks."""
    date: str
    time: str


class Worklist(Protocol):
    """The orders of this server."""

    def scheduled(self) -> Sequence[Scheduled]:
        """All that are open.

        Raises:
            Fault: TOO_LARGE when there are more than are ever listed.
        """
        ...
