"""What questions are answered from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from server.accesses import AuditTrail
from server.image_search import ImageSearch
from server.worklist import Worklist


@dataclass(frozen=True, slots=True)
class Desk:
    """Opened by whoever composes, in the process that answers."""

    search: ImageSearch
    trail: AuditTrail
    worklist: Worklist
    open: Callable[[str], BinaryIO]
    """The Part 10 file of a digest. Raises OSError."""
    pictured: Callable[[Sequence[str]], tuple[str, ...]]
    """Study Instance UIDs -> ``ImagingStudy/id/_history/n`` by which they are known at the FHIR door."""
    most: int = 5_000
    """Matches of one query; one that has more is refused, not cut."""
    most_objects: int = 20_000
    """Objects of one retrieval; likewise."""
    page: int = 100
    """Matches that are looked up, told to auditors and held in memory at once."""
