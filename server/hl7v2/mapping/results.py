"""OBX and NTE: each result, known again by what it is the result of (HL7 v2.8 section 7.4.2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from server.hl7v2.mapping import own, values
from server.hl7v2.mapping.conclusions import concludes
from server.hl7v2.mapping.convert.identifiers import identifier, pairs, result_system
from server.hl7v2.mapping.convert.text import token
from server.hl7v2.mapping.drafts import Draft, Json
from server.hl7v2.mapping.layout import Result
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.orders import notes
from server.hl7v2.mapping.rows import fill, put
from server.hl7v2.mapping.tables.observation import OBX, OWNED

_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_REASONS = {"N": "not-asked", "X": "unknown"}
"""Of OBX-11: why there is no value."""
_NO_RESULT = {"system": "http://terminology.hl7.org/CodeSystem/v2-0085", "code": "X"}
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What all results of one order have in common."""

    root: tuple[str, str] | None
    """Identifier of what they are the results of; None: they cannot be known again."""
    subject: Json
    order: Json | None = None
    visit: Json | None = None
    category: Json | None = None
    effective: Json | None = None
    """OBR-7 and OBR-8, where OBX-14 says nothing."""
    specimen: Json | None = None
    """The only one of the report."""


def gathered(results: list[Result]) -> list[list[Result]]:
    """Lines of one text are one result: TX and FT that follow each other under one code and sub-id."""

    def line(numbered: tuple[int, Result]) -> tuple[object, ...]:
        at, result = numbered
        narrative = result.obx.text(2).strip().upper() in values.NARRATIVE
        return (*_key(result), result.obx.text(11)) if narrative else (at,)

    return [[result for _, result in lines] for _, lines in groupby(enumerate(results), line)]


def add_results(lined: list[list[Result]], stem: str, about: About, making: Making) -> list[Json]:
    """A draft for each; the references to them."""
    contradictions(lined, making)
    return [
        making.add(result(f"{stem}-{at}", lines, key, about, making))
        for at, (lines, key) in enumerate(zip(lined, keys(lined), strict=True), 1)
    ]


def result(name: str, lines: list[Result], key: Key, about: About, making: Making) -> Draft:
    """``key`` tells it from the other results of its order (``keys``)."""
    obx = lines[0].obx
    found = fill(OBX, obx, making)
    narrative = obx.text(2).strip().upper() in values.NARRATIVE
    said = values.joined([each.obx for each in lines], making) if narrative else values.value(obx, making)
    extensions = [*found.get("extension", []), *said.get("extension", [])]
    whole: Json = {
        "resourceType": "Observation",
        **found,
        **said,
        **({"extension": extensions} if extensions else {}),
    }
    whole.setdefault("status", "unknown")
    whole.setdefault("code", {"text": "not said"})
    _reason(whole, token(obx.text(11)))
    _beside(whole, about, notes((nte for each in lines for nte in each.notes), making))
    known = pairs(whole.get("identifier", []))
    if making.known("Observation", known) is not None:
        making.note("one number of several results, not used", "OBX-21")
        del whole["identifier"]
        known = ()
    if not known and about.root is not None:
        known = ((result_system(making), own.minted(*about.root, *key)),)
        whole["identifier"] = [identifier(*known[0])]
    return Draft(name, "Observation", whole, known, (), OWNED)


def keys(results: list[list[Result]]) -> list[Key]:
    """Code, its system and sub-id; where these come again, the time too, and then which of them it is."""
    plain = Counter(_key(lines[0]) for lines in results)
    seen = Counter[Key]()
    found: list[Key] = []
    for lines in results:
        key = _key(lines[0])
        timed = (*key, lines[0].obx.text(14)) if plain[key] > 1 else key
        seen[timed] += 1
        found.append(timed if seen[timed] == 1 else (*timed, str(seen[timed])))
    return found


def contradictions(results: list[list[Result]], making: Making) -> None:
    """H-079: one code, one sub-id, one time, and values that differ. Conclusions may be several."""
    seen: dict[Key, str] = {}
    for lines in results:
        obx = lines[0].obx
        narrative = obx.text(2).strip().upper() in values.NARRATIVE
        if narrative or obx.text(21) or obx.text(11) in ("D", "W", "X") or concludes(obx, making):
            continue
        said = repr(obx.repetitions(5)) + obx.text(6)
        if seen.setdefault((*_key(lines[0]), obx.text(14)), said) != said:
            making.doubt("one result with different values", f"OBX[{obx.sequence}]-5")


def _key(result: Result) -> Key:
    obx = result.obx
    sub_id = "^".join("&".join(part) for part in obx.first(4).components)
    return token(obx.text(3)), token(obx.text(3, 3)), sub_id


def _reason(whole: Json, status: str) -> None:
    """Why there is no value; what FHIR's status does not tell apart from a cancellation."""
    if status == "X":
        put(whole, "_status.extension{alternate-codes}.valueCodeableConcept.coding+", _NO_RESULT)
    valued = "component" in whole or any(key.startswith("value") for key in whole)
    if status in _REASONS and not valued:
        whole["dataAbsentReason"] = {"coding": [{"system": _ABSENT, "code": _REASONS[status]}]}


def _beside(whole: Json, about: About, remarks: list[Json]) -> None:
    whole["subject"] = about.subject
    if about.order is not None:
        whole["basedOn"] = [about.order]
    if about.visit is not None:
        whole["encounter"] = about.visit
    if about.category is not None:
        whole["category"] = [about.category]
    if about.specimen is not None:
        whole["specimen"] = about.specimen
    if remarks:
        whole["note"] = remarks
    if about.effective is not None and "effectiveDateTime" not in whole:
        whole.update(about.effective)
