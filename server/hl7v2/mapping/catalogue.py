"""All tables in one place, named as HL7's v2-to-FHIR names its maps, and how docs/hl7v2.md prints them."""

from __future__ import annotations

from server.hl7v2.mapping import values
from server.hl7v2.mapping.concepts import orders, people, results
from server.hl7v2.mapping.convert import addresses, contacts, names
from server.hl7v2.mapping.rows import Table
from server.hl7v2.mapping.tables import (
    document,
    observation,
    order,
    patient,
    referral,
    report,
    specimen,
    visit,
)

SEGMENTS: tuple[tuple[str, Table], ...] = (
    ("PID[Patient]", patient.PID),
    ("PV1[Encounter]", visit.PV1),
    ("PV2[Encounter]", visit.PV2),
    ("ORC[ServiceRequest]", order.ORC),
    ("OBR[ServiceRequest]", order.OBR),
    ("TQ1[ServiceRequest]", order.TQ1),
    ("IPC[ServiceRequest]", order.IPC),
    ("DG1[ServiceRequest]", order.DG1),
    ("RF1[ServiceRequest]", referral.RF1),
    ("ORC[DiagnosticReport]", report.ORC),
    ("OBR[DiagnosticReport]", report.OBR),
    ("OBX[Observation]", observation.OBX),
    ("SPM[Specimen]", specimen.SPM),
    ("TXA[DocumentReference]", document.TXA),
)
"""IPC, RF1 and DG1 to a ServiceRequest are ours: HL7 has no map."""
DATA_TYPES: tuple[tuple[str, Table], ...] = (
    ("XPN[HumanName]", names.XPN),
    ("FN[HumanName]", names.FN),
    ("XAD[Address]", addresses.XAD),
    ("SAD[Address]", addresses.SAD),
    ("XTN[ContactPoint]", contacts.XTN),
)
"""Those that are read by a table; the others (CX, EI, CWE, XCN, ...) have converters."""
CONCEPTS = (
    people.GENDER, people.MARITAL, people.YES, people.NAME_USE, people.ADDRESS_TYPE, people.ADDRESS_USE,
    people.CONTACT_USE, people.CONTACT_SYSTEM, orders.CONTROL, orders.STATUS, orders.PRIORITY,
    orders.VISIT_CLASS, orders.VISIT_STATUS, orders.EVENT_STATUS, orders.SECTION, results.REPORT,
    results.OBSERVATION, results.INTERPRETATION, results.ABNORMALITY, results.CONFIDENTIALITY,
    results.AVAILABILITY,
)  # fmt: skip


def page() -> str:
    """As Markdown: each segment's fields and where they go, then the types of OBX-5."""
    lines = ["| field | becomes | in |", "|---|---|---|"]
    for name, table in SEGMENTS:
        resource = name.partition("[")[2].rstrip("]")
        merged: dict[str, list[str]] = {}
        for row in table:
            merged.setdefault(row.source, []).append(_shown(row.element))
        for source, elements in merged.items():
            lines.append(f"| {source} | {', '.join(dict.fromkeys(elements))} | {resource} |")
    lines += ["", "| OBX-2 | OBX-5 becomes |", "|---|---|"]
    by_element: dict[str, list[str]] = {}
    for type_, (element, _, _) in values.TYPES.items():
        by_element.setdefault(element, []).append(type_)
    lines += [f"| {', '.join(types)} | {element} |" for element, types in by_element.items()]
    return "\n".join(lines)


def _shown(element: str) -> str:
    """``extension{x}`` as the extension's name."""
    plain = element.replace("+", "").replace("[0]", "").replace("*", "")
    return f"`{plain.replace('{', '(').replace('}', ')')}`"
