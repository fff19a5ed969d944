"""What a search has found, as DICOM JSON (PS3.18 annex F; tables 10.6.3-3 to 10.6.3-5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword

from server.dicom.found import NUMBERS, OF_LEVEL
from server.dicom.found import values as found_values
from server.image_search import Found, Level
from server.images import ImageObject

Attribute = dict[str, Any]
_ALWAYS_SHOWN = frozenset({*OF_LEVEL[Level.STUDY], "SeriesNumber", "InstanceNumber", "Modality"})
"""Told with an empty value where there is none (type 2 in the tables)."""


def told(
    found: Found, level: Level, upper: Iterable[Level], included: frozenset[str] | None, base: str
) -> dict[str, Attribute]:
    """``upper``: the levels above of which all is told too; ``included``: more keywords, None for all."""
    values = found_values(found, level) | {"RetrieveURL": [address(found.first, level, base)]}
    keywords = dict.fromkeys(each for of in (*upper, level) for each in OF_LEVEL[of])
    more = values if included is None else included
    keywords |= dict.fromkeys(each for each in more if each in values)
    made = {"00080005": attribute("SpecificCharacterSet", ["ISO_IR 192"])}
    for keyword in keywords:
        value = values.get(keyword, [])
        if value or keyword in _ALWAYS_SHOWN:
            made[f"{tag_for_keyword(keyword):08X}"] = attribute(keyword, value)
    return dict(sorted(made.items()))


def attribute(keyword: str, values: list[str]) -> Attribute:
    """PS3.18 F.2.2: no Value where there is none."""
    vr = dictionary_VR(keyword)
    if not values:
        return {"vr": vr}
    return {"vr": vr, "Value": [_value(vr, each) for each in values]}


def address(image: ImageObject, level: Level, base: str) -> str:
    """Retrieve URL (0008,1190)."""
    study = f"{base}/studies/{image.named.study}"
    if level is Level.STUDY:
        return study
    series = f"{study}/series/{image.series}"
    return series if level is Level.SERIES else f"{series}/instances/{image.sop_instance}"


def _value(vr: str, text: str) -> Any:
    if vr == "PN":
        groups = zip(("Alphabetic", "Ideographic", "Phonetic"), text.split("="), strict=False)
        return {name: group for name, group in groups if group}
    if vr in NUMBERS:
        return int(text)
    return text
