"""From an order (ServiceRequest) to what a modality is told of it (IHE SWF RAD-5; PS3.4 annex K).

What becomes what is docs/dicom.md's table. An order is listed when it is active, says that it is about
imaging, and names its images, by Study Instance UID or accession number: others could not be matched to it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from server.fhir.imaging import accessions_of, study_uids
from server.fhir.terms import DCM, PLACER, SR
from server.ports import Resource, Stored
from server.query import Query, Token
from server.worklist import Scheduled

_SNOMED = "http://snomed.info/sct"
_SECTIONS = "http://terminology.hl7.org/CodeSystem/v2-0074"
_IMAGING = (
    (_SNOMED, "363679005"),
    *(
        (_SECTIONS, each)
        for each in ("RAD", "IMG", "CT", "NMR", "NMS", "RUS", "RX", "XRC", "CUS", "OUS", "VUS")
    ),
)
"""ServiceRequest.category of orders for images."""
_ORDERS = tuple(
    (None, each) for each in ("order", "original-order", "reflex-order", "filler-order", "instance-order")
)
"""ServiceRequest.intent: what is to be done, and no plan or proposal."""
OPEN_ORDERS = Query(
    "ServiceRequest",
    (Token("status", ((None, "active"),)), Token("intent", _ORDERS), Token("category", _IMAGING)),
)
STATION = f"{SR}/ae-title"
"""System of an identifier of ServiceRequest.performer or .locationReference: which station is to do it."""
_SCHEMES = {_SNOMED: "SCT", DCM: "DCM", "http://loinc.org": "LN"}
"""Coding Scheme Designators (PS3.16 section 8)."""
_PRIORITIES = {"routine": "ROUTINE", "urgent": "HIGH", "asap": "HIGH", "stat": "STAT"}
_SEXES = {"male": "M", "female": "F", "other": "O"}
_STEPS = uuid.UUID("b04b5a4e-57f8-5a39-9a8e-6a5c5f8e2f5d")
"""Namespace of studies that no order names."""
_OTHER = "OT"
_TIME = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2}))?")
_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f\\]+")
_LO, _SH = 64, 16


def scheduled(stored: Stored, order: Resource, patient: Resource) -> Scheduled | None:
    """None: it cannot be told to a modality."""
    accession = next((_text(value, _SH) for _, value in accessions_of(order)), "")
    uids = tuple(study_uids(order))
    ids = tuple(_patient_ids(patient))
    if order.get("doNotPerform") or not ids or not (accession or uids):
        return None
    codes = tuple(_codes(order))
    placer = _placer(order)
    date, time = _when(order, stored)
    return Scheduled(
        what=f"{stored.type}/{stored.id}/_history/{stored.version}",
        study=uids[0] if uids else _study(stored.id),
        accession=accession,
        patient_name=_person(patient.get("name", [])),
        patient_ids=ids,
        birth_date=_birth(patient),
        sex=_SEXES.get(patient.get("gender", ""), ""),
        requested_id=placer if placer and len(placer) <= _SH else accession or stored.id[:_SH],
        placer=placer,
        description=_text(order.get("code", {}).get("text") or (codes[0][2] if codes else ""), _LO),
        codes=codes,
        priority=_PRIORITIES.get(order.get("priority", ""), ""),
        requester=_plain_name(order.get("requester", {}).get("display", "")),
        modality=_modality(order),
        station=_station(order),
        date=date,
        time=time,
    )


def subject_of(order: Resource) -> str:
    """``Type/id``, or whatever it says."""
    return str(order.get("subject", {}).get("reference", ""))


def _study(id_: str) -> str:
    """The same for the same order, always (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid5(_STEPS, id_).int}"


def _patient_ids(patient: Resource) -> Iterator[tuple[str, str]]:
    """The medical record number first, where one is said to be it."""
    listed = [
        each for each in patient.get("identifier", []) if each.get("value") and each.get("use") != "old"
    ]
    for each in sorted(listed, key=lambda each: not _is_record(each)):
        yield str(each.get("system", "")), _text(str(each["value"]), _LO)


def _is_record(identifier: dict[str, Any]) -> bool:
    return any(each.get("code") == "MR" for each in identifier.get("type", {}).get("coding", []))


def _person(names: list[dict[str, Any]]) -> str:
    """The official one, else the first: family, given, middle, prefix, suffix (PS3.5 6.2.1)."""
    name = next((each for each in names if each.get("use") == "official"), names[0] if names else {})
    given = [str(each) for each in name.get("given", [])]
    parts = [
        name.get("family", ""),
        given[0] if given else "",
        " ".join(given[1:]),
        " ".join(name.get("prefix", [])),
        " ".join(name.get("suffix", [])),
    ]
    told = "^".join(_part(str(each)) for each in parts).rstrip("^")
    return told or _part(str(name.get("text", "")))


def _plain_name(display: str) -> str:
    return _part(display)


def _part(text: str) -> str:
    return _text(re.sub(r"[\^=]", " ", text), _LO)


def _birth(patient: Resource) -> str:
    told = str(patient.get("birthDate", "")).replace("-", "")
    return told if len(told) == 8 else ""


def _codes(order: Resource) -> Iterator[tuple[str, str, str]]:
    for each in order.get("code", {}).get("coding", []):
        scheme = _SCHEMES.get(each.get("system", ""))
        if scheme and each.get("code"):
            yield _text(each["code"], _SH), scheme, _text(each.get("display") or each["code"], _LO)


def _placer(order: Resource) -> str:
    for each in order.get("identifier", []):
        if any(code.get("code") == PLACER.code for code in each.get("type", {}).get("coding", [])):
            return _text(str(each.get("value", "")), _LO)
    return ""


def _modality(order: Resource) -> str:
    """As orderDetail, else the code, says by DICOM's own (PS3.16 CID 29); OT, other, where neither does."""
    for concept in (*order.get("orderDetail", []), order.get("code", {})):
        for each in concept.get("coding", []):
            if each.get("system") == DCM and re.fullmatch(r"[A-Z]{2,16}", each.get("code", "")):
                return str(each["code"])
    return _OTHER


def _station(order: Resource) -> str:
    for each in (*order.get("performer", []), *order.get("locationReference", [])):
        identifier = each.get("identifier", {})
        if identifier.get("system") == STATION:
            return _text(str(identifier.get("value", "")), _SH)
    return ""


def _when(order: Resource, stored: Stored) -> tuple[str, str]:
    """When it is to be done, else when it was ordered; by the clock that the order was written by."""
    period = order.get("occurrencePeriod", {})
    for each in (order.get("occurrenceDateTime"), period.get("start"), order.get("authoredOn")):
        found = _TIME.match(str(each or ""))
        if found is not None:
            return "".join(found.groups()[:3]), "".join(each or "00" for each in found.groups()[3:])
    return f"{stored.updated_at:%Y%m%d}", f"{stored.updated_at:%H%M%S}"


def _text(text: str, most: int) -> str:
    return _NOT_TEXT.sub(" ", text).strip()[:most].strip()
