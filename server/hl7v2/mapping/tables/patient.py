"""PID and Patient (HL7 v2.8 section 3.4.2)."""

from __future__ import annotations

from server.hl7v2.link import Bare
from server.hl7v2.mapping.concepts.people import GENDER, MARITAL
from server.hl7v2.mapping.convert import addresses, codes, contacts, names, numbers, times
from server.hl7v2.mapping.convert.identifiers import extended
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Row, Table
from server.hl7v2.message import Segment


def ours(making: Making) -> str:
    """Of a number without an authority; empty where the link does not say that it is ours."""
    return making.link.patient_system if making.link.bare_patient_ids is Bare.OURS else ""


def nobodys(_making: Making) -> str:
    """PID-2 and PID-4 without an authority may be anybody's number."""
    return ""


def _no_birth_order(pid: Segment) -> bool:
    return not pid.text(25)


def _no_time_of_death(pid: Segment) -> bool:
    return not pid.text(29)


PID: Table = (
    Row("PID-3", "identifier+", extended(ours), "CX[Identifier]", many=True),
    Row("PID-2", "identifier+", extended(nobodys), "CX[Identifier]"),
    Row("PID-4", "identifier+", extended(nobodys), "CX[Identifier]", many=True),
    Row("PID-5", "name+", names.name, "XPN[HumanName]", many=True),
    Row("PID-5", "name+", names.called_name, "XPN[HumanName]", many=True),
    Row("PID-7", "birthDate", times.date),
    Row("PID-7", "_birthDate.extension{patient-birthTime}.valueDateTime", times.time_of),
    Row("PID-8", "gender", codes.mapped(GENDER), "CWE[code]"),
    Row("PID-9", "name+", names.name, "XPN[HumanName]", many=True),
    Row("PID-11", "address+", addresses.address, "XAD[Address]", many=True),
    Row("PID-13", "telecom+", contacts.contact("home"), "XTN[ContactPoint]", many=True),
    Row("PID-14", "telecom+", contacts.contact("work"), "XTN[ContactPoint]", many=True),
    Row("PID-15", "communication+.language", codes.concept, "CWE[CodeableConcept]"),
    Row("PID-16", "maritalStatus", codes.tabled(MARITAL), "CWE[CodeableConcept]"),
    Row("PID-24", "multipleBirthBoolean", codes.flag, "ID[Boolean]", when=_no_birth_order),
    Row("PID-25", "multipleBirthInteger", numbers.positive),
    Row("PID-29", "deceasedDateTime", times.date_time),
    Row("PID-30", "deceasedBoolean", codes.flag, "ID[Boolean]", when=_no_time_of_death),
    Row("PID-40", "telecom+", contacts.contact(), "XTN[ContactPoint]", many=True),
)
OWNED = (
    "name", "birthDate", "_birthDate", "gender", "address", "telecom", "communication", "maritalStatus",
    "multipleBirthBoolean", "multipleBirthInteger", "deceasedDateTime", "deceasedBoolean",
)  # fmt: skip
"""What ADT speaks of. An order or a result names its patient and changes nothing about them."""
