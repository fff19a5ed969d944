"""Which program wrote an object: the same values wherever an object names it (IHE AIR 6.5.3.1)."""

from __future__ import annotations

from datetime import UTC

from pydicom.dataset import Dataset

from server.dicom.pens.codes import PROCESSING, short
from server.dicom.pens.opinion import MARK, FilmOpinion
from server.dicom.pens.uids import device_uid
from server.model import Card


def manufacturer(card: Card) -> str:
    return short(card.manufacturer)


def model_name(card: Card) -> str:
    return short(card.name)


def version(card: Card) -> str:
    return short(card.version)


def serial_number(card: Card) -> str:
    """The bytes of the model, for a program has no other number (PS3.3 C.7.5.2 wants one)."""
    return card.model_digest


def equip(written: Dataset, opinion: FilmOpinion) -> None:
    """The equipment module, and each algorithm among what contributed (PS3.3 C.7.5.1, C.12.1.1)."""
    _name(written, opinion.card)
    written.InstitutionName = short(opinion.operator)
    written.ContributingEquipmentSequence = [_contributed(opinion)]


def _contributed(opinion: FilmOpinion) -> Dataset:
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [PROCESSING]
    _name(item, opinion.card)
    item.InstitutionName = short(opinion.operator)
    item.ContributionDateTime = opinion.read.made_at.astimezone(UTC).strftime("%Y%m%d%H%M%S.%f+0000")
    item.ContributionDescription = MARK
    return item


def _name(item: Dataset, card: Card) -> None:
    item.Manufacturer = manufacturer(card)
    item.ManufacturerModelName = model_name(card)
    item.DeviceSerialNumber = serial_number(card)
    item.SoftwareVersions = version(card)
    item.DeviceUID = device_uid(card)
