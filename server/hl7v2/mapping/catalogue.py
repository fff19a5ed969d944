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
    """As Markdown: for each resource the fields that become its elements, then the types of OBX-5."""
    lines = ["| resource | element | of |", "|---|---|---|"]
    gathered: dict[tuple[str, str], list[str]] = {}
    for name, table in SEGMENTS:
        resource = name.partition("[")[2].rstrip("]")
        for row in table:
            gathered.setdefault((resource, _shown(row.element)), []).append(row.source)
    for (resource, element), sources in gathered.items():
        lines.append(f"| {resource} | `{element}` | {', '.join(dict.fromkeys(sources))} |")
    lines += ["", "| OBX-2 | OBX-5 becomes |", "|---|---|"]
    by_element: dict[str, list[str]] = {}
    for type_, (element, _, _) in values.TYPES.items():
        by_element.setdefault(element, []).append(type_)
    lines += [f"| {', '.join(types)} | `{element}` |" for element, types in by_element.items()]
    return "\n".join(lines)


def _shown(element: str) -> str:
    """As people write it: ``extension(patient-birthTime)``; only the top of an extension counts."""
    plain = element.replace("+", "")
    stem, brace, url = plain.partition("{")
    return f"{stem}({url.partition('}')[0].rpartition('/')[2]})" if brace else plain
