"""The DICOMweb door's desk, and which ImagingStudy resources are of a study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from server.clock import now
from server.dicom.receive.staging import Staging
from server.dicom.web.desk import Desk as ImagesDesk
from server.holding import ObjectHolding
from server.ports import Shelf
from server.query import Query, Token
from server.store.image_search import ImageFinder
from server.wiring import House, audit_clerk

_PICTURED_AT_ONCE, _MOST_PICTURED = 100, 1_000
"""Studies that are looked up by one query, and resources that it finds."""


def pictured(shelf: Shelf, studies: Sequence[str]) -> tuple[str, ...]:
    """The ImagingStudy resources that are of these Study Instance UIDs."""
    names = tuple(("urn:dicom:uid", f"urn:oid:{each}") for each in studies)
    return tuple(
        f"{each.type}/{each.id}/_history/{each.version}"
        for at in range(0, len(names), _PICTURED_AT_ONCE)
        for each in shelf.find(_imaging_studies(names[at : at + _PICTURED_AT_ONCE]), _MOST_PICTURED)
    )


def _imaging_studies(names: tuple[tuple[str, str], ...]) -> Query:
    return Query("ImagingStudy", (Token("identifier", names),))


def images_desk(house: House, now: Callable[[], datetime] = now) -> ImagesDesk:
    """The DICOMweb door's desk."""
    return ImagesDesk(
        search=ImageFinder(house.database),
        open=house.vault.open,
        holding=ObjectHolding(Staging(house.vault), house.images),
        trail=audit_clerk(house, now),
        pictured=partial(pictured, house.shelf),
        base=f"{house.settings.fhir_base.removesuffix('/fhir')}/dicom-web",
        max_object=house.settings.dicom_max_object,
    )
