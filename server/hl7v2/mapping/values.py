"""OBX-5 by its type in OBX-2, with the unit in OBX-6: Observation.value[x] (HL7 v2.8 7.4.2.2, 7.4.2.5)."""

from __future__ import annotations

from typing import Any

from server.hl7v2.mapping.concepts.systems import UCUM
from server.hl7v2.mapping.convert import attachments, codes, numbers, text, times
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Convert
from server.hl7v2.message import Repetition, Segment

PLACE = "OBX-5"
ATTACHMENT = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.valueAttachment"
NARRATIVE = frozenset({"TX", "FT"})
"""Lines of a text: repetitions and segments of one code are joined."""


def _spread(value: Repetition, _making: Making, _where: str) -> str | None:
    """VR: two ends of anything."""
    ends = [text.clean(value.text(at)) for at in (1, 2)]
    return "-".join(ends) if any(ends) else None


TYPES: dict[str, tuple[str, Convert, str]] = {
    "NM": ("valueQuantity", numbers.quantity, "NM[Quantity]"),
    "CF": ("valueCodeableConcept", codes.concept, "CF[CodeableConcept]"),
    "CNE": ("valueCodeableConcept", codes.concept, "CNE[CodeableConcept]"),
    "CE": ("valueCodeableConcept", codes.concept, "CE[CodeableConcept]"),
    "CWE": ("valueCodeableConcept", codes.concept, "CWE[CodeableConcept]"),
    "IS": ("valueCodeableConcept", codes.concept, "IS[CodeableConcept]"),
    "ID": ("valueCodeableConcept", codes.concept, ""),
    "DR": ("valuePeriod", times.period, "DR[Period]"),
    "DTM": ("valueDateTime", times.date_time, ""),
    "DT": ("valueDateTime", times.date_time, ""),
    "TS": ("valueDateTime", times.date_time, ""),
    "NR": ("valueRange", numbers.span, "NR[Range]"),
    "VR": ("valueString", _spread, ""),
    "TM": ("valueTime", times.time, ""),
    "ST": ("valueString", text.whole, ""),
    "TX": ("valueString", text.whole, ""),
    "FT": ("valueString", text.whole, ""),
}
"""Type -> element, converter, data type map. SN, ED and RP have ways of their own below."""


def value(obx: Segment, making: Making) -> Json:
    """The elements of an Observation that say what was found; empty where nothing can be kept."""
    type_, found = obx.text(2).strip().upper(), obx.repetitions(5)
    if not found:
        return {}
    if type_ in NARRATIVE:
        return _joined([obx], making)
    if len(found) > 1:
        return _several(type_, obx, making)
    if type_ in ("ED", "RP"):
        attached = attachment(obx, making)
        extension = {"url": ATTACHMENT, "valueAttachment": attached}
        return {"extension": [extension]} if attached else {}
    return _single(type_, found[0], obx, making)


def attachment(obx: Segment, making: Making) -> Json | None:
    convert = attachments.embedded if obx.text(2).strip().upper() == "ED" else attachments.pointer
    return convert(obx.first(5), making, PLACE)


def lines(segments: list[Segment]) -> str:
    """The text of OBX-5 of all of them: a line for each repetition that does not end one itself."""
    found = [
        text.clean("^".join("&".join(part) for part in each.components).rstrip("^"))
        for obx in segments
        for each in obx.repetitions(5) or (Repetition(()),)
    ]
    return text.clean("\n".join(found))


def joined(segments: list[Segment], making: Making) -> Json:
    """One text of several OBX."""
    return _joined(segments, making)


def _joined(segments: list[Segment], making: Making) -> Json:
    said = lines(segments)
    if len(said) > text.LONGEST:
        making.note("longer than a FHIR string, left out", PLACE)
        return {}
    return {"valueString": said} if said else {}


def _several(type_: str, obx: Segment, making: Making) -> Json:
    """FHIR has one value: strings become lines, codes components, and of anything else none is chosen."""
    if type_ == "ST":
        return _joined([obx], making)
    if type_ in ("CE", "CWE", "CNE", "CF", "IS", "ID"):
        components = [_component(obx, each, making) for each in obx.repetitions(5)]
        return {"component": [each for each in components if each]}
    making.note("several values in one result, kept as text", PLACE)
    return _joined([obx], making)


def _component(obx: Segment, found: Repetition, making: Making) -> Json | None:
    code, said = codes.concept(obx.first(3), making, "OBX-3"), codes.concept(found, making, PLACE)
    return {"code": code, "valueCodeableConcept": said} if code and said else None


def _single(type_: str, found: Repetition, obx: Segment, making: Making) -> Json:
    element: str
    said: Any
    if type_ == "SN":
        structured = numbers.structured(found, making, PLACE)
        if structured is None:
            return {}
        element, said = structured
    elif type_ in TYPES:
        element, convert, _ = TYPES[type_]
        said = convert(found, making, PLACE)
    else:
        making.note("type of value not known, kept as text", "OBX-2")
        return _joined([obx], making)
    if said is None:
        return {}
    _measure(element, said, obx, making)
    return {element: said}


def _measure(element: str, said: Any, obx: Segment, making: Making) -> None:
    """The unit of each number in it."""
    unit = _unit(obx, making)
    if element == "valueQuantity":
        said.update(unit)
    elif element == "valueRange":
        for end in said.values():
            end.update(unit)
    elif element == "valueRatio":
        said["numerator"].update(unit)
        said["denominator"].update(unit)
    elif element == "valueString" and unit.get("unit") and obx.text(2).strip().upper() == "SN":
        making.note("unit of a structured number left out", "OBX-6")


def _unit(obx: Segment, making: Making) -> Json:
    """A code only where its system is said, by the sender or the link; a bare text is never computed with."""
    found = obx.first(6)
    code, shown, name = text.token(found.text(1)), text.clean(found.text(2)), text.clean(found.text(3))
    meant = next((each for each in codes.meanings(code, name, making) if each["system"] == UCUM), None)
    if meant is None and code and name:
        meant = codes.coding(found, making, "OBX-6")
    if meant is None:
        said = shown or code
        return {"unit": said} if said else {}
    return {"unit": shown or code, "system": meant["system"], "code": meant["code"]}
