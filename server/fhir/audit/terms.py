"""The codes of AuditEvents: R4's, DICOM's, BALP's and our own, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.accesses import Doing
from server.fhir.terms import AI_INFERENCE, AUDIT, DECISION, MODEL, NOTIFICATION, SR
from server.model import Coding

__all__ = ["AUDIT", "MODEL"]

Json = Mapping[str, str]
BALP = "https://profiles.ihe.net/ITI/BALP"
CLIENT = f"{SR}/client"
"""In which clients, destinations and people are named as they are configured here."""
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def _coding(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}


def _own(code: Coding) -> Json:
    return _coding(code.system, code.code, code.display)


SOURCE = _coding(_DCM, "110153", "Source Role ID")
DESTINATION = _coding(_DCM, "110152", "Destination Role ID")
APPLICATION = _coding(_DCM, "110150", "Application")
RECIPIENT = _coding(f"{_TERMINOLOGY}/v3-ParticipationType", "IRCP", "information recipient")
PERSON = _coding(f"{_TERMINOLOGY}/audit-entity-type", "1", "Person")
SYSTEM_OBJECT = _coding(f"{_TERMINOLOGY}/audit-entity-type", "2", "System Object")
REQUEST_ID = _coding(f"{BALP}/CodeSystem/BasicAuditEntityType", "XrequestId", "X-Request-Id")
PATIENT = _coding(f"{_TERMINOLOGY}/object-role", "1", "Patient")
REPORT = _coding(f"{_TERMINOLOGY}/object-role", "3", "Report")
DOMAIN_RESOURCE = _coding(f"{_TERMINOLOGY}/object-role", "4", "Domain Resource")
QUERY = _coding(f"{_TERMINOLOGY}/object-role", "24", "Query")
APPLICATION_SERVER = _coding(f"{_TERMINOLOGY}/security-source-type", "4", "Application Server")
_REST = _coding(f"{_TERMINOLOGY}/audit-event-type", "rest", "RESTful Operation")
_EXPORT = _coding(_DCM, "110106", "Export")
_ACTIVITY = _coding(_DCM, "110100", "Application Activity")


@dataclass(frozen=True, slots=True)
class Meaning:
    """How one way of touching data is told."""

    action: str
    subtypes: tuple[Json, ...]
    profile: str
    """The end of BALP's name of it; empty where BALP has none."""
    type: Json


def _rest(action: str, *codes: str, profile: str) -> Meaning:
    restful = "http://hl7.org/fhir/restful-interaction"
    return Meaning(action, tuple(_coding(restful, code, code) for code in codes), profile, _REST)


MEANINGS: Mapping[Doing, Meaning] = {
    Doing.READ: _rest("R", "read", profile="Read"),
    Doing.VREAD: _rest("R", "vread", profile="Read"),
    Doing.HISTORY: _rest("R", "read", "history-instance", profile="Read"),
    Doing.ASK: _rest("R", "read", "operation", profile="Read"),
    Doing.CREATE: _rest("C", "create", profile="Create"),
    Doing.UPDATE: _rest("U", "update", profile="Update"),
    Doing.PATCH: _rest("U", "patch", profile="Update"),
    Doing.OPERATE: _rest("U", "update", "operation", profile="Update"),
    Doing.DELETE: _rest("D", "delete", profile="Delete"),
    Doing.SEARCH: _rest("E", "search", profile="Query"),
    Doing.HISTORY_OF_TYPE: _rest("E", "search", "history-type", profile="Query"),
    Doing.HISTORY_OF_ALL: _rest("E", "search", "history-system", profile="Query"),
    Doing.COLLECT: _rest("E", "search", "operation", profile="Query"),
    Doing.TRANSACTION: _rest("E", "transaction", profile=""),
    Doing.INFERENCE: Meaning("E", (_own(AI_INFERENCE),), "", _ACTIVITY),
    Doing.EXPORT: Meaning("R", (_EXPORT,), "", _EXPORT),
    Doing.NOTIFICATION: Meaning("R", (_own(NOTIFICATION),), "", _EXPORT),
    Doing.DECISION: Meaning("E", (_own(DECISION),), "", _ACTIVITY),
}
WORDS_ONLY = frozenset({Doing.SEARCH, Doing.HISTORY_OF_TYPE, Doing.HISTORY_OF_ALL, Doing.COLLECT})
"""BALP: what a search has found is not told, but for whom it was about."""
