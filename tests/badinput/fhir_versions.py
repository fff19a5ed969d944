"""F-075 to F-089: versions, patches, deletions, conditions."""

from __future__ import annotations

import json
from typing import Any

from tests.badinput.builders import bundle
from tests.badinput.call import Call
from tests.badinput.orders import CANARY, asked, named, person, put, signed, told

_REPORT = told(named(signed(), "of-bert"))
_ANNA = told(named(person(), "anna"))
_PATCH = {"Content-Type": "application/json-patch+json"}
_OF_BERT = "/fhir/DiagnosticReport/of-bert"


def _put(id_: str, what: str, path: str, *refusal: int | str, body: bytes, **headers: str) -> Call:
    """``refusal``: status and code."""
    status, code = int(refusal[0]), str(refusal[1])
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(id_, what, "PUT", path, status, code, body, fields)


def _patch(
    id_: str,
    what: str,
    status: int,
    code: str,
    *operations: Any,
    path: str = "/fhir/Patient/anna",
    says: str = "",
) -> Call:
    return Call(id_, what, "PATCH", path, status, code, json.dumps(operations).encode(), _PATCH, says=says)


def _delete(id_: str, what: str, path: str, status: int, code: str = "", *, says: str = "") -> Call:
    return Call(id_, what, "DELETE", path, status, code, says=says)


def _by_path(id_: str, what: str, status: int, code: str, path: str) -> Call:
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": path},
        {"name": "value", "valueString": CANARY},
    ]
    told = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    return Call(id_, what, "PATCH", "/fhir/Patient/anna", status, code, json.dumps(told).encode())


def _op(op: str, path: str, value: Any) -> dict[str, Any]:
    return {"op": op, "path": path, "value": value}


def _twin(id_: str, what: str, query: str, status: int, code: str) -> Call:
    return Call(id_, what, "POST", "/fhir/Patient", status, code, told(person()), {"If-None-Exist": query})


_MATCH_99 = bundle(put(signed("bert"), "of-bert", ifMatch='W/"99"'))
CALLS = (
    _put("F-075", "stale If-Match", _OF_BERT, 412, "conflict", body=_REPORT, If_Match='W/"99"'),
    Call("F-075b", "stale ifMatch in a transaction", "POST", "/fhir", 412, "conflict", _MATCH_99),
    _put(
        "F-075c",
        "If-Match on what is not here",
        "/fhir/Patient/nobody",
        412,
        "conflict",
        body=told(named(person(), "nobody")),
        If_Match='W/"1"',
    ),
    _put("F-076", "If-Match: abc", _OF_BERT, 400, "invalid", body=_REPORT, If_Match="abc"),
    _put("F-076b", "If-Match: *", _OF_BERT, 400, "invalid", body=_REPORT, If_Match="*"),
    _put("F-078", "report without If-Match", _OF_BERT, 412, "conflict", body=_REPORT),
    _put(
        "F-078b",
        "Task without If-Match",
        "/fhir/Task/asked",
        412,
        "conflict",
        body=told(named(asked(), "asked")),
    ),
    _put("F-079", "If-None-Match: *", "/fhir/Patient/anna", 412, "conflict", body=_ANNA, If_None_Match="*"),
    Call(
        "F-079b",
        "ifNoneMatch in a transaction",
        "POST",
        "/fhir",
        412,
        "conflict",
        bundle(put(person(), "anna", ifNoneMatch="*")),
    ),
    _patch("F-080", "test that fails", 422, "processing", _op("test", "/birthDate", CANARY)),
    _patch("F-080b", "/id", 403, "forbidden", _op("replace", "/id", CANARY)),
    _patch("F-080c", "/meta/versionId", 403, "forbidden", _op("replace", "/meta/versionId", CANARY)),
    _patch("F-080d", "a path that leads nowhere", 422, "processing", _op("replace", f"/{CANARY}/0", 1)),
    _patch("F-080e", "no operation", 400, "value", {"op": CANARY, "path": "/name"}),
    _patch("F-080f", "a value that is none", 400, "value", _op("add", "/name", [])),
    _patch("F-080g", "a code that is none", 422, "code-invalid", _op("add", "/gender", CANARY)),
    _patch(
        "F-080h",
        "no version where one is needed",
        412,
        "conflict",
        _op("replace", "/status", "amended"),
        path=_OF_BERT,
    ),
    _patch(
        "F-080i",
        "the first opinion of an open case",
        403,
        "suppressed",
        _op("test", "/conclusion", CANARY),
        path="/fhir/DiagnosticReport/of-anna",
        says="PUT",
    ),
    _patch("F-010-patch", "half of a surrogate pair", 400, "value", _op("add", "/language", "\ud800")),
    _patch("F-010-patch-b", "one in a name", 400, "value", _op("test", "/name", {"\ud800": 1})),
    _patch("F-080j", "nobody", 404, "not-found", path="/fhir/Patient/nobody"),
    _patch("F-080k", "who is gone", 410, "deleted", path="/fhir/Patient/gone"),
    _by_path("F-080l", "a path that leaves the resource", 422, "not-supported", "link.other.resolve().id"),
    _by_path("F-080m", "a path that leads nowhere", 422, "not-found", f"contact.where(gender = '{CANARY}')"),
    _patch("F-081", "10 000 operations", 413, "too-costly", *({"op": "remove", "path": "/name"},) * 10_000),
    _patch(
        "F-081b",
        "copies of copies",
        413,
        "too-costly",
        *({"op": "copy", "from": "", "path": f"/x{n}"} for n in range(40)),
    ),
    Call("F-090e", "history: _count=-1", "GET", "/fhir/_history?_count=-1", 400, "value"),
    Call("F-092c", "history: forged page", "GET", f"/fhir/_history?_page={CANARY}", 400, "invalid"),
    Call("F-098k", "history: _at that is no date", "GET", "/fhir/Patient/_history?_at=2024-13", 400, "value"),
    Call("F-082", "read of deleted", "GET", "/fhir/Patient/gone", 410, "deleted"),
    Call("F-082c", "the version that says so", "GET", "/fhir/Patient/gone/_history/2", 410, "deleted"),
    _delete("F-082d", "delete again", "/fhir/Patient/gone", 204),
    _delete("F-082e", "delete what never was", f"/fhir/Patient/{CANARY}", 204),
    _delete(
        "F-082f", "whom an open case rests on", "/fhir/Patient/anna", 409, "conflict", says="cancel it first"
    ),
    _delete(
        "F-082g",
        "what others refer to",
        "/fhir/Organization/house",
        409,
        "conflict",
        says="PractitionerRole",
    ),
    _delete("F-082h", "a type that is ours", "/fhir/AuditEvent/x", 405, "not-supported"),
    _twin("F-087", "unknown parameter in If-None-Exist", f"nickname={CANARY}", 400, "not-supported"),
    _put(
        "F-087b",
        "the same in a conditional PUT",
        f"/fhir/Patient?nickname={CANARY}",
        400,
        "not-supported",
        body=_ANNA,
    ),
    _put(
        "F-087c",
        "only _count in a conditional PUT",
        "/fhir/Patient?_count=1",
        400,
        "required",
        body=_ANNA,
    ),
    _delete("F-087d", "the same in DELETE", f"/fhir/Patient?nickname={CANARY}", 400, "not-supported"),
    _patch("F-087e", "the same in PATCH", 400, "not-supported", path=f"/fhir/Patient?nickname={CANARY}"),
    _delete("F-088", "DELETE without criteria", "/fhir/Patient", 400, "required"),
    _delete("F-088b", "DELETE with only _count", "/fhir/Patient?_count=1", 400, "required"),
    _delete("F-088d", "DELETE with only _sort", "/fhir/Patient?_sort=_id", 400, "required"),
    _delete(
        "F-089e", "two match a DELETE", f"/fhir/Patient?identifier={CANARY}-twin", 412, "multiple-matches"
    ),
    _patch(
        "F-089f", "two match a PATCH", 412, "multiple-matches", path=f"/fhir/Patient?identifier={CANARY}-twin"
    ),
    _twin("F-088c", "empty If-None-Exist", "", 400, "required"),
    _twin("F-089", "two match a conditional create", f"identifier={CANARY}-twin", 412, "multiple-matches"),
    _put(
        "F-089b",
        "two match a conditional PUT",
        f"/fhir/Patient?identifier={CANARY}-twin",
        412,
        "multiple-matches",
        body=told(person()),
    ),
    _put(
        "F-089c",
        "conditional PUT with the id of another",
        f"/fhir/Patient?identifier=MRN-{CANARY}-1",
        400,
        "invalid",
        body=told(named(person(), "bert")),
    ),
    _put(
        "F-089d",
        "conditional PUT that takes the id of another",
        f"/fhir/Patient?identifier={CANARY}-nobody",
        409,
        "duplicate",
        body=told(named(person(), "bert")),
    ),
)
