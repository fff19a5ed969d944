"""What a report comes to, in codes and in words: DiagnosticReport.conclusionCode, conclusion, presentedForm.

Codes are taken where they were sent as codes: as the value of a result that is an impression or a
diagnosis, or as a finding that is said to be present. Nothing is read out of a text, and an absent finding
is no conclusion.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.hl7v2.mapping import values
from server.hl7v2.mapping.concepts.systems import LOINC, SNOMED
from server.hl7v2.mapping.convert import attachments, codes, text
from server.hl7v2.mapping.convert.text import clean, token
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.layout import Result
from server.hl7v2.mapping.making import Making
from server.hl7v2.message import Segment

IMPRESSIONS = frozenset({"19005-8", "29308-4", "59776-5", "55110-1", "22637-3"})
"""LOINC: impression of images, diagnosis, procedure findings, conclusions, pathologist's diagnosis."""
_SUMMARIES = IMPRESSIONS - {"59776-5"}
"""Whose text is the conclusion; findings are the way to it."""
_PRESENT, _ABSENT = (SNOMED, "52101004"), (SNOMED, "2667000")
_CODED = frozenset({"CE", "CWE", "CNE", "CF"})
_WITHDRAWN = frozenset({"D", "W", "X"})


def concludes(obx: Segment, making: Making) -> bool:
    """OBX-3 says impression or diagnosis, by itself or by what the link says that it means."""
    return any((LOINC, code) in _pairs(obx, 3, making) for code in IMPRESSIONS)


def conclude(results: list[list[Result]], making: Making) -> Json:
    """The elements of the report."""
    standing = [lines for lines in results if token(lines[0].obx.text(11)) not in _WITHDRAWN]
    found: Json = {}
    concepts: list[Json] = []
    for each in (concept for lines in standing for concept in _codes(lines[0].obx, making)):
        if each not in concepts:
            concepts.append(each)
    if concepts:
        found["conclusionCode"] = concepts
    if said := _said(standing, making):
        found["conclusion"] = said
    if forms := list(_forms(standing, making)):
        found["presentedForm"] = forms
    return found


def _codes(obx: Segment, making: Making) -> Iterator[Json]:
    if obx.text(2).strip().upper() not in _CODED:
        return
    values_, finding = _pairs(obx, 5, making), _pairs(obx, 3, making)
    if concludes(obx, making):
        for each in obx.repetitions(5):
            concept = codes.concept(each, making, values.PLACE)
            if concept is not None and "coding" in concept:
                yield concept
    elif _PRESENT in values_ and _ABSENT not in values_ and any(system == SNOMED for system, _ in finding):
        concept = codes.concept(obx.first(3), making, "OBX-3")
        if concept is not None:
            yield concept


def _pairs(obx: Segment, field: int, making: Making) -> set[tuple[str, str]]:
    """Without remarks: whoever keeps the value makes them."""
    quiet = Making(making.link, making.received_at)
    found = [codes.concept(each, quiet, "") or {} for each in obx.repetitions(field)]
    return {(each.get("system", ""), each["code"]) for one in found for each in one.get("coding", [])}


def _said(results: list[list[Result]], making: Making) -> str | None:
    """The impression, where one is marked; else all text there is."""
    texts = [lines for lines in results if _is_text(lines[0].obx)]
    marked = [lines for lines in texts if _marks(lines[0].obx, making)]
    said = _written(marked or [lines for lines in texts if lines[0].obx.text(2) in values.NARRATIVE])
    if len(said) > text.LONGEST:
        making.note("longer than a FHIR string, kept as a file", values.PLACE)
        return None
    return said or None


def _is_text(obx: Segment) -> bool:
    return obx.text(2).strip().upper() in (*values.NARRATIVE, "ST")


def _marks(obx: Segment, making: Making) -> bool:
    return any((LOINC, code) in _pairs(obx, 3, making) for code in _SUMMARIES)


def _written(results: list[list[Result]]) -> str:
    return "\n".join(
        each for each in (values.lines([line.obx for line in lines]) for lines in results) if each
    )


def _forms(results: list[list[Result]], making: Making) -> Iterator[Json]:
    """The whole text under its headings, then what was sent as a file."""
    narrative = [lines for lines in results if lines[0].obx.text(2).strip().upper() in values.NARRATIVE]
    if whole := "\n\n".join(each for each in (_headed(lines) for lines in narrative) if each):
        yield attachments.plain(whole)
    for lines in results:
        if lines[0].obx.text(2).strip().upper() in ("ED", "RP"):
            found = values.attachment(lines[0].obx, making)
            if found is not None:
                yield found


def _headed(lines: list[Result]) -> str:
    heading = clean(lines[0].obx.text(3, 2)) or clean(lines[0].obx.text(3))
    said = values.lines([line.obx for line in lines])
    return f"{heading}\n{said}" if heading and said else said
