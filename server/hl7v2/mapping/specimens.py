"""SPM: what was taken from the patient (HL7 v2.8 section 7.4.3)."""

from __future__ import annotations

from server.hl7v2.mapping.convert.identifiers import pairs
from server.hl7v2.mapping.drafts import Draft, Json
from server.hl7v2.mapping.layout import Ordered
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import fill
from server.hl7v2.mapping.tables.specimen import OWNED, SPM


def specimens(ordered: Ordered, at: int, subject: Json, making: Making) -> list[Json]:
    """References to them; one without a number cannot be known again and is left out."""
    found = []
    for counted, spm in enumerate(ordered.specimens, 1):
        whole: Json = {"resourceType": "Specimen", **fill(SPM, spm, making), "subject": subject}
        known = pairs(whole.get("identifier", []))
        if known:
            found.append(making.add(Draft(f"specimen-{at}-{counted}", "Specimen", whole, known, (), OWNED)))
        else:
            making.note("specimen without a number, left out", "SPM-2")
    return found
