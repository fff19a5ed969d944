"""PV1 and PV2: the visit, known by its number (H-103: another number is another visit)."""

from __future__ import annotations

from server.hl7v2.mapping.concepts.orders import EVENT_STATUS
from server.hl7v2.mapping.convert.identifiers import pairs
from server.hl7v2.mapping.drafts import Draft, Json
from server.hl7v2.mapping.layout import Person
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import fill
from server.hl7v2.mapping.tables.visit import OWNED, PV1, PV2


def visit(person: Person, subject: Json, event: str, making: Making, *, speaks: bool) -> Json | None:
    """The reference to it; None where there is none, or none that could be known again."""
    if person.visit is None:
        return None
    found = fill(PV1, person.visit, making)
    known = pairs(found.get("identifier", []))
    if not known:
        making.note("visit without a number, left out", "PV1-19")
        return None
    more = {} if person.visit_more is None else fill(PV2, person.visit_more, making)
    said = EVENT_STATUS.get(event) if speaks else None
    status = said or ("finished" if person.visit.text(45) else found.get("status", "unknown"))
    whole: Json = {"resourceType": "Encounter", **found, **more, "status": status, "subject": subject}
    whole.setdefault("class", {"system": "http://terminology.hl7.org/CodeSystem/v2-0004", "code": "U"})
    spoken = (*OWNED, *(("status",) if said or person.visit.text(45) else ())) if speaks else ()
    name = "visit" + subject["reference"].partition("patient")[2]
    return making.add(Draft(name, "Encounter", whole, known, (), spoken))
