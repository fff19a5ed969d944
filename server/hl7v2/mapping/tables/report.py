"""ORC, OBR and DiagnosticReport (HL7 v2.8 sections 4.5.1, 7.4.1)."""

from __future__ import annotations

from server.hl7v2.mapping.concepts.orders import SECTION
from server.hl7v2.mapping.concepts.results import REPORT
from server.hl7v2.mapping.convert import codes, times
from server.hl7v2.mapping.rows import Row, Table
from server.hl7v2.mapping.tables.order import FILLER, PLACER
from server.hl7v2.message import Segment


def _has_end(obr: Segment) -> bool:
    return bool(obr.text(8))


def _has_no_end(obr: Segment) -> bool:
    return not obr.text(8)


ORC: Table = (
    Row("ORC-2", "identifier+", PLACER, "EI[Identifier-Extension]"),
    Row("ORC-3", "identifier+", FILLER, "EI[Identifier-Extension]"),
)
OBR: Table = (
    Row("OBR-2", "identifier+", PLACER, "EI[Identifier-Extension]"),
    Row("OBR-3", "identifier+", FILLER, "EI[Identifier-Extension]"),
    Row("OBR-4", "code", codes.concept, "CWE[CodeableConcept]"),
    Row("OBR-7", "effectiveDateTime", times.date_time, when=_has_no_end),
    Row("OBR-7", "effectivePeriod.start", times.date_time, when=_has_end),
    Row("OBR-8", "effectivePeriod.end", times.date_time),
    Row("OBR-22", "issued", times.instant),
    Row("OBR-24", "category+", codes.tabled(SECTION), "ID[CodeableConcept]"),
    Row("OBR-25", "status", codes.mapped(REPORT)),
)
OWNED = (
    "status", "code", "category", "effective[x]", "issued", "resultsInterpreter", "performer", "result",
    "conclusion", "conclusionCode", "presentedForm", "basedOn", "encounter", "specimen", "imagingStudy",
)  # fmt: skip
