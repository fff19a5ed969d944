"""F-106 to F-124: Bundles and references that need a server to be wrong."""

from __future__ import annotations

from typing import Any

from tests.badinput.builders import bundle, entry
from tests.badinput.call import Call, Kept
from tests.badinput.orders import CANARY, MRN, measured, named, order, person, put, told

_URN = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"
_BAD = measured(code={"text": CANARY}, status="banana")
_OLD = f"identifier=MRN-{CANARY}-1"
_OLD_BY_SYSTEM = f"identifier={MRN}|MRN-{CANARY}-1"
_NEW = f"identifier={CANARY}-new"
_NEW_BY_SYSTEM = f"identifier={MRN}|{CANARY}-new"


def _measured(**more: Any) -> dict[str, Any]:
    return entry(measured(**more), "Observation")


def _conditional(condition: str) -> dict[str, Any]:
    return entry(person(f"{CANARY}-new"), ifNoneExist=condition)


def _updating(condition: str) -> dict[str, Any]:
    return {
        "resource": person(f"MRN-{CANARY}-1"),
        "request": {"method": "PUT", "url": f"Patient?{condition}"},
    }


def _all(id_: str, what: str, status: int, code: str, *entries: dict[str, Any], ours: str = "") -> Call:
    return Call(id_, what, "POST", "/fhir", status, code, bundle(*entries), ours=ours)


def _of_kind(id_: str, kind: str, code: str = "not-supported") -> Call:
    return Call(id_, f"a {kind} at the base", "POST", "/fhir", 422, code, bundle(entry(person()), kind=kind))


def _one(id_: str, what: str, resource: dict[str, Any], code: str, ours: str = "") -> Call:
    path = f"/fhir/{resource['resourceType']}"
    return Call(id_, what, "POST", path, 422, code, told(resource), ours=ours)


def _asking(method: str, url: str) -> dict[str, Any]:
    return {"request": {"method": method, "url": url}}


_TWIN_GONE = _asking("DELETE", "Patient/twin-1")
_TIGHT = b'{"resourceType":"Bundle","type":"transaction","entry":['
CALLS = (
    _all(
        "F-106b",
        "99 good entries, one bad",
        422,
        "code-invalid",
        *[_measured()] * 99,
        entry(_BAD, "Observation"),
    ),
    _all(
        "F-106c",
        "99 good entries, one with a lost reference",
        422,
        "not-found",
        *[_measured()] * 99,
        _measured(subject={"reference": "Patient/nobody"}),
    ),
    Call(
        "F-107",
        "batch: one bad",
        "POST",
        "/fhir",
        200,
        "code-invalid",
        bundle(
            entry(_BAD, "Observation"),
            {"request": {"method": "GET", "url": "Patient/anna"}},
            {"request": {"method": "DELETE", "url": "Patient/anna"}},
            kind="batch",
        ),
    ),
    _all("F-108", "one id twice", 400, "duplicate", put(person(), "anna"), put(person(), "anna")),
    _all(
        "F-108b",
        "two conditional PUTs, one patient",
        400,
        "duplicate",
        _updating(_OLD),
        _updating(_OLD_BY_SYSTEM),
    ),
    _all(
        "F-108c",
        "PUT and conditional PUT, one patient",
        400,
        "duplicate",
        put(person(), "anna"),
        _updating(_OLD),
    ),
    _all("F-108d", "one condition twice", 400, "duplicate", _conditional(_NEW), _conditional(_NEW)),
    _all(
        "F-108e",
        "two conditions, one new patient",
        400,
        "duplicate",
        _conditional(_NEW),
        _conditional(_NEW_BY_SYSTEM),
    ),
    _all("F-108f", "one order twice", 400, "duplicate", *[entry(order("double"), "Task")] * 2),
    _all(
        "F-110",
        "urn:uuid of no entry",
        422,
        "not-found",
        entry(measured(subject={"reference": _URN}), "Observation"),
    ),
    _one("F-110b", "unknown patient", measured(subject={"reference": f"Patient/{CANARY}"}), "not-found"),
    _one(
        "F-110c",
        "a type that is not kept here",
        measured(basedOn=[{"reference": "CarePlan/1"}]),
        "not-supported",
    ),
    _one(
        "F-110d",
        "conditional reference",
        measured(subject={"reference": f"Patient?identifier={CANARY}"}),
        "not-supported",
    ),
    _all("F-112c", "operation in a transaction", 400, "value", entry(person(), "Patient/$validate")),
    _all("F-112d", "read of nobody", 404, "not-found", entry(person()), _asking("GET", "Patient/nobody")),
    _all("F-112e", "read of what it deletes", 410, "deleted", _asking("GET", "Patient/twin-1"), _TWIN_GONE),
    _all("F-112f", "what is under seal", 403, "suppressed", _asking("GET", "DiagnosticReport/of-anna")),
    _all("F-108g", "deleted and changed", 400, "duplicate", _TWIN_GONE, put(person(), "twin-1")),
    _all(
        "F-108h",
        "deleted and referred to",
        422,
        "not-found",
        _TWIN_GONE,
        _measured(subject={"reference": "Patient/twin-1"}),
    ),
    _all(
        "F-110e",
        "conditional reference to two",
        412,
        "multiple-matches",
        _measured(subject={"reference": f"Patient?identifier={CANARY}-twin"}),
    ),
    _all(
        "F-110f",
        "conditional reference to nobody",
        412,
        "not-found",
        _measured(subject={"reference": f"Patient?identifier={CANARY}-nobody"}),
    ),
    _all("F-113", "5 001 entries", 413, "too-costly", *[entry(person())] * 5_001),
    _all("F-113c", "10 000 Observations", 413, "too-costly", *[_measured()] * 10_000),
    Call(
        "F-113d",
        "50 MiB of empty objects",
        "POST",
        "/fhir",
        413,
        "too-costly",
        _TIGHT + b"{}," * 17_000_000 + b"{}]}",
    ),
    Call(
        "F-113e",
        "8 MiB of empty objects",
        "POST",
        "/fhir/Patient",
        413,
        "too-costly",
        b'{"a":[' + b"{}," * 2_700_000 + b"{}]}",
    ),
    Call(
        "F-043b",
        "50 MB for one resource",
        "POST",
        "/fhir/Patient",
        413,
        "too-long",
        told(person()) + b" " * 50_000_000,
    ),
    _of_kind("F-114e", "collection", "invariant"),
    _of_kind("F-114i", "history", "invariant"),
    _of_kind("F-114f", "document", "invariant"),
    _of_kind("F-114g", "message", "invariant"),
    Call("F-114h", "a Patient at the base", "POST", "/fhir", 400, "invalid", told(person())),
    _one(
        "F-117",
        "patient by identifier alone",
        order("logical", **{"for": {"identifier": {"value": f"{CANARY}-twin"}}}),
        "required",
        "no patient is ever chosen by identifier: a literal reference is asked for",
    ),
    Call(
        "F-121",
        "Observation moved to another patient",
        "PUT",
        "/fhir/Observation/of-anna",
        422,
        "business-rule",
        told(named(measured(subject={"reference": "Patient/bert"}), "of-anna")),
    ),
    Call(
        "F-124",
        "$merge with itself",
        "POST",
        "/fhir/Patient/$merge",
        405,
        "not-supported",
        told(person()),
        ours="merging is not offered",
    ),
)


def kept(evil: str) -> tuple[Kept, ...]:
    """Rows that are stored; nothing that they name is ever dialled. ``evil`` is an address that listens."""
    link = {"other": {"reference": "Patient/twin-1"}, "type": "replaced-by"}
    photo = {"contentType": "image/png", "url": f"{evil}/photo"}
    return (
        Kept(
            "F-119",
            "subject on another server",
            "/fhir/Observation",
            told(measured(subject={"reference": f"{evil}/Patient/1"})),
        ),
        Kept(
            "F-133",
            "addresses and profiles",
            "/fhir/Patient",
            told(person(photo=[photo], meta={"profile": [f"{evil}/profile"]})),
        ),
        Kept(
            "F-122",
            "Patient.link",
            "/fhir/Patient",
            told(person(link=[link])),
            "links are stored and never followed; merging is not offered",
        ),
        Kept(
            "R-018",
            "a specimen before the calendar",
            "/fhir/Observation",
            told(measured(effectiveDateTime="0001-01-01T00:00:00+14:00")),
        ),
    )
