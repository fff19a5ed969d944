"""What the DICOMweb door works with; its rules say who may do what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from server.accesses import AuditTrail
from server.caller import Caller, Deed
from server.dicom.account import TYPE
from server.dicom.limits import MIB
from server.dicom.web.exchange import Where
from server.dicom.web.keys import uid_of
from server.errors import Category, fault
from server.image_search import ImageSearch
from server.images import ImageObject
from server.objects import Holding


@dataclass(frozen=True, slots=True)
class Desk:
    """Opened by whoever composes."""

    search: ImageSearch
    open: Callable[[str], BinaryIO]
    """The Part 10 file of a digest."""
    holding: Holding
    trail: AuditTrail
    pictured: Callable[[Sequence[str]], tuple[str, ...]]
    """Study Instance UIDs -> ``ImagingStudy/id/_history/n`` by which they are known at the FHIR door."""
    base: str
    """Public address of the door."""
    max_object: int
    """Bytes of one object that is sent here."""
    max_pixels: int = 256 * MIB
    """Bytes of decoded pixel data of one object, or of one picture."""
    max_frames: int = 1_000
    """Frames of one answer."""

    def images(self, where: Where) -> tuple[ImageObject, ...]:
        """What an address names.

        Raises:
            Fault: NOT_FOUND when there is none of it; INCORRECT when it cannot be a UID.
        """
        places = [each for each in (where.study, where.series, where.instance) if each is not None]
        found = self.search.objects(*(uid_of(each) for each in places))
        if not found:
            raise fault(Category.NOT_FOUND, "not-found", "there is no such study, series or instance here")
        return tuple(found)


def demand(caller: Caller, deed: Deed) -> None:
    """Raises Fault(FORBIDDEN) unless the caller may do this with all studies.

    SMART has no scopes for DICOM: those of ImagingStudy are asked for (docs/decisions/0019).
    """
    only = caller.only(TYPE, deed)
    if only is None:
        return
    scope = f"system/{TYPE}.{deed.value}"
    if not only:
        text = f"this needs the scope {scope}, which this client's token does not hold"
    else:
        text = (
            f"the scope {scope} of this client's token covers only part of {TYPE}, by criteria that DICOM "
            f"objects cannot be held against; use the FHIR door, or a client whose {scope} has no criteria"
        )
    raise fault(Category.FORBIDDEN, "forbidden", text)
