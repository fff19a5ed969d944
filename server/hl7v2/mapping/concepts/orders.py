"""Codes about orders and visits: tables 0004, 0003 (events of ADT), 0038, 0074, 0119, 0485."""

from __future__ import annotations

from server.hl7v2.mapping.concepts.table import Concepts

_REQUEST = "http://hl7.org/fhir/request-status"

CONTROL = Concepts(
    "OrderControlCode[ServiceRequest.status]",
    _REQUEST,
    {
        "AF": "active", "CA": "active", "CR": "revoked", "DC": "revoked", "DF": "revoked", "DR": "revoked",
        "FU": "completed", "HD": "active", "HR": "on-hold", "NW": "active", "OC": "revoked", "OD": "revoked",
        "OH": "on-hold", "OK": "active", "PR": "active", "PY": "active", "RL": "active", "RO": "active",
        "RQ": "active",
    },
    # XO changes an order that goes on; OE and OR end a hold; RU is the filler's replacement, as RQ is.
    ours={"OE": "active", "OR": "active", "RU": "active", "XO": "active", "XR": "active", "XX": "active"},
)  # fmt: skip
STATUS = Concepts(
    "OrderStatus",
    _REQUEST,
    {
        "CA": "revoked", "CM": "completed", "DC": "revoked", "ER": "entered-in-error", "HD": "on-hold",
        "IP": "active", "RP": "revoked", "SC": "active",
    },
    # Some, but not all, results are there: the order goes on.
    ours={"A": "active"},
)  # fmt: skip
PRIORITY = Concepts(
    "ExtendedPriorityCodes",
    "http://hl7.org/fhir/request-priority",
    {"S": "stat", "A": "asap", "R": "routine"},
)
VISIT_CLASS = Concepts(
    "PatientClass[EncounterClass]",
    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    {"E": "EMER", "I": "IMP", "O": "AMB", "P": "PRENC"},
    v2="http://terminology.hl7.org/CodeSystem/v2-0004",
    kept=frozenset({"R", "B", "C", "N", "U"}),
)
VISIT_STATUS = Concepts(
    "PatientClass[EncounterStatus]",
    "http://hl7.org/fhir/encounter-status",
    {
        "E": "in-progress", "I": "in-progress", "O": "in-progress", "P": "planned", "R": "in-progress",
        "B": "in-progress", "C": "in-progress", "N": "in-progress", "U": "unknown",
    },
)  # fmt: skip
EVENT_STATUS = Concepts(
    "Event[EncounterStatus]",
    "http://hl7.org/fhir/encounter-status",
    {
        "A01": "in-progress", "A02": "in-progress", "A03": "finished", "A04": "planned", "A05": "planned",
        "A11": "cancelled", "A13": "in-progress",
    },
)  # fmt: skip
"""HL7 makes "unknown" of A08; to us an update of the patient says nothing of where the visit stands."""
SECTION = Concepts(
    "DiagnosticServiceSectionID",
    "http://terminology.hl7.org/CodeSystem/v2-0074",
    {
        each: each
        for each in (
            "AU", "BG", "BLB", "CG", "CUS", "CTH", "CT", "CH", "CP", "EC", "EN", "GE", "HM", "ICU", "IMM",
            "LAB", "MB", "MCB", "MYC", "NMS", "NMR", "NRS", "OUS", "OT", "OTH", "OSL", "PHR", "PT", "PHY",
            "PF", "RAD", "RX", "RUS", "RC", "RT", "SR", "SP", "TX", "VUS", "VR", "XRC",
        )
    },
)  # fmt: skip
