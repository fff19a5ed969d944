"""PV1, PV2 and Encounter (HL7 v2.8 sections 3.4.3, 3.4.4)."""

from __future__ import annotations

from collections.abc import Callable

from server.hl7v2.mapping.concepts.orders import VISIT_CLASS, VISIT_STATUS
from server.hl7v2.mapping.convert import codes, people, times
from server.hl7v2.mapping.convert.identifiers import extended, visit_system
from server.hl7v2.mapping.convert.text import clean, token
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Convert, Row, Table
from server.hl7v2.message import Repetition, Segment

_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


def _class(value: Repetition, making: Making, where: str) -> Json | None:
    """R4 wants one: a class that is not in table 0004 is unknown."""
    found = VISIT_CLASS.coding(token(value.text()))
    if found is None:
        making.note("code not known", where)
        return VISIT_CLASS.coding("U")
    return found


def _place(status: str) -> Convert:
    """PL as words: point of care, room, bed, facility, building, floor. Nothing is looked up by it here."""

    def convert(value: Repetition, _making: Making, _where: str) -> Json | None:
        said = [clean(value.text(at)) for at in (1, 2, 3, 4, 7, 8)]
        shown = ", ".join(each for each in said if each) or clean(value.text(9))
        return {"location": {"display": shown}, "status": status} if shown else None

    return convert


def _taking_part(code: str, words: str) -> Convert:
    def convert(value: Repetition, making: Making, where: str) -> Json | None:
        who = people.practitioner(value, making, where)
        kind = {"coding": [{"system": _PARTICIPATION, "code": code, "display": words}], "text": words}
        return {"type": [kind], "individual": who} if who else None

    return convert


def _ended(pv1: Segment) -> bool:
    return bool(pv1.text(45))


def _not(test: Callable[[Segment], bool]) -> Callable[[Segment], bool]:
    return lambda segment: not test(segment)


def _planned(pv1: Segment) -> bool:
    return pv1.text(2) == "P"


PV1: Table = (
    Row("PV1-2", "class", _class, "CWE[Coding]"),
    Row("PV1-2", "status", codes.mapped(VISIT_STATUS), "CWE[code]", when=_not(_ended)),
    Row("PV1-3", "location+", _place("active"), "PL[location]", when=_not(_planned)),
    Row("PV1-3", "location+", _place("planned"), "PL[location]", when=_planned),
    Row("PV1-7", "participant+", _taking_part("ATND", "attender"), "XCN[Practitioner]", many=True),
    Row("PV1-8", "participant+", _taking_part("REF", "referrer"), "XCN[Practitioner]", many=True),
    Row("PV1-9", "participant+", _taking_part("CON", "consultant"), "XCN[Practitioner]", many=True),
    Row("PV1-17", "participant+", _taking_part("ADM", "admitter"), "XCN[Practitioner]", many=True),
    Row(
        "PV1-19", "identifier+", extended(visit_system, "VN"), "CX[Identifier]",
    ),
    Row("PV1-50", "identifier+", extended(visit_system), "CX[Identifier]", many=True),
    Row("PV1-44", "period.start", times.date_time),
    Row("PV1-45", "period.end", times.date_time),
)  # fmt: skip
PV2: Table = (Row("PV2-3", "reasonCode+", codes.concept, "CWE[CodeableConcept]"),)
OWNED = ("class", "location", "participant", "period", "reasonCode")
"""What ADT speaks of; ``status`` too, where its event or PV1-45 says it."""
