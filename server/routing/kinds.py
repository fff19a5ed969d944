"""By what people are told apart in figures: the names of groups (second-reading 5, Subgroup fairness)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import floor

from server.model import Kind, Subgroup

UNKNOWN = "not known"
_BANDS = ((0, 17), (18, 39), (40, 64))


class By(StrEnum):
    """What they have in common."""

    AGE = "age"
    SEX = "sex"
    DEVICE = "device"
    SITE = "site"


def group_of(by: By, kind: Kind, site: str | None, bands: Sequence[Subgroup]) -> str:
    """``bands``: those of the model's card; the first that holds the age counts."""
    if by is By.AGE:
        return _age(kind.age_years, [each for each in bands if each.age_years is not None])
    if by is By.SEX:
        return kind.sex or UNKNOWN
    if by is By.SITE:
        return site or UNKNOWN
    return UNKNOWN if kind.device is None else _words(kind)


def _age(years: int | None, bands: Sequence[Subgroup]) -> str:
    """Ages are kept in whole years, so whoever is 4 is in a band up to 4.999, and in one from 4.5 on."""
    if years is None:
        return UNKNOWN
    if not bands:
        return next((f"{low}-{high}" for low, high in _BANDS if low <= years <= high), "65 and over")
    for each in bands:
        if each.age_years is not None and floor(each.age_years.low) <= years <= each.age_years.high:
            return each.name
    return "other ages"


def _words(kind: Kind) -> str:
    device = kind.device
    parts = () if device is None else (device.maker, device.model, device.software)
    return ", ".join(each for each in parts if each) or UNKNOWN
