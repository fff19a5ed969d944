"""F-075 to F-089: versions, conditions, and what is not offered yet (PATCH, DELETE)."""

from __future__ import annotations

import json
from typing import Any

from tests.badinput.builders import bundle
from tests.badinput.call import Call
from tests.badinput.orders import CANARY, named, order, person, put, signed, told

_REPORT = told(named(signed(), "of-bert"))
_ANNA = told(named(person(), "anna"))
_NOT_YET = "PATCH and DELETE are not offered: the answer names what is"
_PATCH = {"Content-Type": "application/json-patch+json"}


def _put(id_: str, what: str, path: str, *refusal: int | str, body: bytes, **headers: str) -> Call:
    """``refusal``: status and code."""
    status, code = int(refusal[0]), str(refusal[1])
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(id_, what, "PUT", path, status, code, body, fields)


def _patch(id_: str, what: str, *operations: dict[str, Any]) -> Call:
    body = json.dumps(operations).encode()
    path = "/fhir/Patient/anna"
    return Call(id_, what, "PATCH", path, 405, "not-supported", body, _PATCH, says="PUT", ours=_NOT_YET)


def _delete(id_: str, what: str, path: str) -> Call:
    return Call(id_, what, "DELETE", path, 405, "not-supported", says="PUT", ours=_NOT_YET)


def _twin(id_: str, what: str, query: str, status: int, code: str) -> Call:
    return Call(id_, what, "POST", "/fhir/Patient", status, code, told(person()), {"If-None-Exist": query})


_MATCH_99 = bundle(put(signed("bert"), "of-bert", ifMatch='W/"99"'))
_OF_BERT = "/fhir/DiagnosticReport/of-bert"
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
        body=told(named(order("asked"), "asked")),
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
    _patch("F-080", "test that fails", {"op": "test", "path": "/birthDate", "value": CANARY}),
    _patch("F-080b", "/id", {"op": "replace", "path": "/id", "value": CANARY}),
    _patch("F-081", "10 000 operations", *({"op": "remove", "path": "/name"},) * 10_000),
    _delete("F-082", "DELETE", "/fhir/Patient/anna"),
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
        "not-supported",
        body=_ANNA,
    ),
    _delete("F-087d", "the same in DELETE", f"/fhir/Patient?nickname={CANARY}"),
    _delete("F-088", "DELETE without criteria", "/fhir/Patient"),
    _delete("F-088b", "DELETE with only _count", "/fhir/Patient?_count=1"),
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
