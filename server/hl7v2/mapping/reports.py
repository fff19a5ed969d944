"""OBR with its OBX: the report (HL7 v2.8 section 7.4.1), signed by whom OBR-32 names."""

from __future__ import annotations

from dataclasses import dataclass

from server.hl7v2.mapping import own
from server.hl7v2.mapping.conclusions import conclude
from server.hl7v2.mapping.convert import people
from server.hl7v2.mapping.convert.identifiers import filler_system, identifier
from server.hl7v2.mapping.convert.text import token
from server.hl7v2.mapping.drafts import REFERENCE, Draft, Identifiers, Json
from server.hl7v2.mapping.layout import Ordered, Result
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.orders import Numbers
from server.hl7v2.mapping.results import About, add_results, gathered
from server.hl7v2.mapping.rows import fill
from server.hl7v2.mapping.specimens import specimens
from server.hl7v2.mapping.tables.report import OBR, ORC, OWNED
from server.hl7v2.message import Repetition, Segment

_FUNCTION = "http://hl7.org/fhir/StructureDefinition/event-performerFunction"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_UNSETTLED = frozenset({"I", "N", "O", "P", "R", "S", ""})
"""OBX-11 of what is not final."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a report stands in its message."""

    at: int
    """Counted from 1."""
    subject: Json
    order: Json | None
    visit: Json | None
    known: Numbers
    shared: bool
    """Another OBR of the message has its filler number, too."""
    sender: Segment
    """MSH."""


def report(ordered: Ordered, place: Place, making: Making) -> str:
    """Its draft's name; the results' drafts come before it."""
    found = _filled(ordered, making)
    identity = _identity(ordered, place, found, making)
    category = next(iter(found.get("category", [])), None)
    effective = {key: value for key, value in found.items() if key.startswith("effective")}
    taken = specimens(ordered, place.at, place.subject, making)
    about = About(
        identity[0] if identity else None,
        place.subject,
        place.order,
        place.visit,
        category,
        effective or None,
        taken[0] if len(taken) == 1 else None,
    )
    lined = gathered([each for each in ordered.results if not each.specimen])
    references = add_results(lined, f"result-{place.at}", about, making)
    references += add_results(
        gathered([each for each in ordered.results if each.specimen]), f"taken-{place.at}", about, making
    )
    whole: Json = {
        "resourceType": "DiagnosticReport",
        **found,
        **conclude(lined, making),
        "subject": place.subject,
    }
    whole["status"] = _status(found, lined, making)
    whole.setdefault("code", {"text": "not said"})
    for element, reference in (("basedOn", place.order), ("encounter", place.visit)):
        if reference is not None:
            whole[element] = [reference] if element == "basedOn" else reference
    for element, several in (("result", references), ("specimen", taken)):
        if several:
            whole[element] = several
    _signed(whole, ordered, place, making)
    made = making.add(Draft(f"report-{place.at}", "DiagnosticReport", whole, identity, (), OWNED))
    return str(made["reference"]).removeprefix(REFERENCE)


def _filled(ordered: Ordered, making: Making) -> Json:
    found = {} if ordered.orc is None else fill(ORC, ordered.orc, making)
    if ordered.obr is not None:
        for key, value in fill(OBR, ordered.obr, making).items():
            if isinstance(value, list):
                known = found.setdefault(key, [])
                known.extend(each for each in value if each not in known)
            else:
                found.setdefault(key, value)
    return found


def _identity(ordered: Ordered, place: Place, found: Json, making: Making) -> Identifiers:
    """The filler's number, else the placer's; one number of several reports is told apart by OBR-4."""
    known = place.known.root
    if place.shared and known and ordered.obr is not None:
        making.note("filler number of several reports", "OBR-3")
        code = own.minted(*known[0], token(ordered.obr.text(4)), token(ordered.obr.text(4, 3)))
        known = ((f"{filler_system(making)}/report", code),)
        found.setdefault("identifier", []).append(identifier(*known[0]))
    return known


def _status(found: Json, lined: list[list[Result]], making: Making) -> str:
    """OBR-25; where it is missing, unknown: that never locks a read."""
    said = found.get("status")
    if said is None:
        making.note("status of the result not said", "OBR-25")
        return "unknown"
    unsettled = any(token(lines[0].obx.text(11)) in _UNSETTLED for lines in lined)
    if said in ("final", "corrected") and unsettled:
        making.note("final report with results that are not", "OBX-11")
    return str(said)


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signed a report, and whatever says for whom."""

    person: Json | None
    facility: Repetition | None
    """Of the reader (NDL.7)."""
    results: list[Result]
    sender: Segment
    """MSH."""


def sign(whole: Json, signing: Signing, making: Making) -> None:
    """The reader reads for OBX-23, else for their facility, else for the sender's."""
    if signing.person is None:
        return
    home = _home(signing, making)
    whole.setdefault("resultsInterpreter", []).append(people.role(signing.person, home, making))


def _signed(whole: Json, ordered: Ordered, place: Place, making: Making) -> None:
    """OBR-32 reads, 34 and 35 take part."""
    obr = ordered.obr
    if obr is None:
        return
    for value in obr.repetitions(32):
        person = people.reader(value, making, "OBR-32")
        sign(whole, Signing(person, value.part(7), ordered.results, place.sender), making)
    for field, code in ((34, "SPRF"), (35, "TRANS")):
        for value in obr.repetitions(field):
            who = people.reader(value, making, f"OBR-{field}")
            if who is not None:
                concept = {"coding": [{"system": _PARTICIPATION, "code": code}]}
                extension = {"url": _FUNCTION, "valueCodeableConcept": concept}
                whole.setdefault("performer", []).append({"extension": [extension], **who})


def _home(signing: Signing, making: Making) -> Json | None:
    for each in signing.results:
        if (home := people.organization(each.obx.first(23), making, "OBX-23")) is not None:
            return home
    if signing.facility is not None and (home := people.facility(signing.facility, making)) is not None:
        return home
    making.note("reader's organisation taken from the sender", "MSH-4")
    return people.facility(signing.sender.first(4), making)
