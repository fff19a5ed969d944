"""TXA with its OBX: the document, and the report that it is (HL7 v2.8 section 9.7.1).

A signed document is a first opinion as an ORU is, so it becomes a DiagnosticReport by the same rules;
beside it the DocumentReference of HL7's own map.
"""

from __future__ import annotations

from dataclasses import replace

from server.hl7v2.mapping.concepts.results import DOCUMENT
from server.hl7v2.mapping.conclusions import conclude
from server.hl7v2.mapping.convert import codes, people, times
from server.hl7v2.mapping.convert.identifiers import pairs
from server.hl7v2.mapping.convert.text import token
from server.hl7v2.mapping.drafts import REFERENCE, Draft, Identifiers, Json
from server.hl7v2.mapping.layout import Result
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.reports import Signing, sign
from server.hl7v2.mapping.results import About, add_results, gathered
from server.hl7v2.mapping.rows import fill
from server.hl7v2.mapping.tables.document import OWNED, TXA
from server.hl7v2.mapping.tables.report import OWNED as REPORT_OWNED
from server.hl7v2.message import Segment

_RECALLED = frozenset({"CA", "UN", "OB"})
"""TXA-19, table 0273: cancelled, unavailable, obsolete."""


def document(txa: Segment, results: list[Result], about: About, sender: Segment, making: Making) -> str:
    """The name of its report's draft."""
    found = fill(TXA, txa, making)
    known = pairs([found["masterIdentifier"]] if "masterIdentifier" in found else [])
    lined = gathered(results)
    references = add_results(lined, "result-1", replace(about, root=known[0] if known else None), making)
    said = conclude(lined, making)
    _referred(found, said, known, about.subject, making)
    whole: Json = {
        "resourceType": "DiagnosticReport",
        "status": _status(txa, making),
        "code": codes.concept(txa.first(2), making, "TXA-2") or {"text": "not said"},
        "subject": about.subject,
        **said,
        **({"identifier": [found["masterIdentifier"]]} if known else {}),
        **({"result": references} if references else {}),
        **({"basedOn": [about.order]} if about.order else {}),
        **({"encounter": about.visit} if about.visit else {}),
    }
    _timed(whole, txa, making)
    signer = txa.first(10) if txa.first(22).empty else txa.first(22)
    sign(whole, Signing(people.practitioner(signer, making, "TXA-22"), None, results, sender), making)
    making.add(Draft("report-1", "DiagnosticReport", whole, known, (), REPORT_OWNED))
    return "report-1"


def _status(txa: Segment, making: Making) -> str:
    """TXA-17, and TXA-19 where the document is taken back."""
    if token(txa.text(19)) in _RECALLED:
        return "entered-in-error"
    said = DOCUMENT.get(token(txa.text(17)))
    if said is None:
        making.note("status of the document not said", "TXA-17")
    return said or "unknown"


def _timed(whole: Json, txa: Segment, making: Making) -> None:
    if (done := times.date_time(txa.first(4), making, "TXA-4")) is not None:
        whole["effectiveDateTime"] = done
    signed = times.instant(txa.first(22).part(15), making, "TXA-22")
    issued = (
        signed or times.instant(txa.first(6), making, "TXA-6") or times.instant(txa.first(7), making, "TXA-7")
    )
    if issued is not None:
        whole["issued"] = issued


def _referred(found: Json, said: Json, known: Identifiers, subject: Json, making: Making) -> None:
    forms = said.get("presentedForm", [])
    if not forms:
        making.note("document without content", "OBX-5")
        return
    whole: Json = {"resourceType": "DocumentReference", **found, "subject": subject}
    whole.setdefault("status", "current")
    whole["content"] = [{"attachment": each} for each in forms]
    if known:
        whole["identifier"] = [found["masterIdentifier"]]
    # Of the report it tells the same: what veils the one veils the other (decision 4).
    whole["context"] = {**whole.get("context", {}), "related": [{"reference": f"{REFERENCE}report-1"}]}
    making.add(Draft("document-1", "DocumentReference", whole, known, (), OWNED))
