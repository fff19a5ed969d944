"""F-085 to F-104: searching. A search that is answered shows how many it finds."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.badinput.call import Call
from tests.badinput.orders import CANARY, MRN

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_STRICT = {"Prefer": "handling=strict"}


def _get(id_: str, what: str, query: str, status: int, code: str = "", **more: Any) -> Call:
    return Call(id_, what, "GET", f"/fhir/{query}", status, code, **more)


def _found(id_: str, what: str, query: str, total: int) -> Call:
    return _get(id_, what, f"Patient?{query}", 200, total=total)


def _form(
    id_: str, what: str, query: str, body: str, *, status: int = 200, code: str = "", total: int | None = None
) -> Call:
    path = f"/fhir/Patient/_search{query}"
    return Call(id_, what, "POST", path, status, code, body.encode(), _FORM, total=total)


_FULL_WIDTH = quote("".join(chr(ord(sign) + 0xFEE0) for sign in f"MRN-{CANARY}-1"))
_MANY = ",".join(f"{CANARY}-{number}" for number in range(5_000))
_WIDE = "&".join("identifier=" + ",".join(f"x|{number}" for number in range(100)) for _ in range(100))
ANNA = f"identifier=MRN-{CANARY}-1"

CALLS = (
    _get(
        "F-085",
        "unknown parameter",
        f"Patient?nickname={CANARY}&_id=anna",
        200,
        says="ignored",
        lacks="nickname",
        total=1,
    ),
    _get("F-086", "the same, strict", f"Patient?nickname={CANARY}", 400, "not-supported", headers=_STRICT),
    _get("F-090", "_count=-1", "Patient?_count=-1", 400, "value"),
    _get("F-090b", "_count=abc", f"Patient?_count={CANARY}", 400, "value"),
    _get("F-090c", "_count=²", "Patient?_count=%C2%B2", 400, "value"),
    _get("F-090d", "_count=0", "Patient?_count=0", 200, lacks='"next"'),
    _get(
        "F-091",
        "_count=1000000",
        "Patient?_count=1000000",
        400,
        "value",
        ours="a page of 500 is cut, beyond 100 000 is an error",
    ),
    _get("F-091b", "_count=1000", "Patient?_count=1000&_id=anna", 200, says="", lacks="_count=1000", total=1),
    _get("F-092", "altered page token", f"Patient?_page={CANARY}", 400, "invalid"),
    _get(
        "F-092b",
        "a page of nobody's search",
        "Patient?_page=00000000-0000-0000-0000-000000000000.50",
        400,
        "invalid",
    ),
    _get("F-093", "_include=*", "Patient?_include=*&_id=anna", 200, total=1),
    _get("F-093b", "_include:iterate", "Task?_include:iterate=Task:focus&_id=asked", 200, total=1),
    _get("F-093c", "_revinclude=*", "Patient?_revinclude=*", 400, "too-costly"),
    _get(
        "F-094",
        "chain of four",
        f"Patient?organization.partof.partof.partof.name={CANARY}",
        400,
        "too-costly",
    ),
    _get("F-094b", "chain without type", f"Observation?subject.identifier={CANARY}", 400, "value"),
    _get(
        "F-094c",
        "three times _has",
        f"Patient?_has:Task:patient:_has:Task:part-of:_has:Task:part-of:code={CANARY}",
        400,
        "too-costly",
    ),
    _found("F-095", "per cent sign", "identifier=%25", 0),
    _found("F-095b", "underscore", f"identifier=MRN-{CANARY}-_", 0),
    _found("F-095d", "name:contains=%", "name:contains=%25", 0),
    _found("F-095e", "name:contains=_", "name:contains=_", 0),
    _get("F-095c", ":contains", "Patient?identifier:contains=%25", 400, "not-supported"),
    _found("F-096", "' OR 1=1--", "identifier=" + quote("' OR 1=1--"), 0),
    _found("F-096b", ";DROP", "_id=" + quote("anna'; DROP TABLE resource;--"), 0),
    _found("F-096c", "NUL", "_id=anna%00", 0),
    _found("F-096d", "bytes that are no UTF-8", "identifier=%ff%fe", 0),
    _get("F-097", ":regex", "Patient?identifier:regex=.*", 400, "not-supported"),
    _get("F-097b", ":missing=maybe", "Task?owner:missing=maybe", 400, "value"),
    _get("F-097c", ":in", "Observation?code:in=http://x.example/codes", 400, "not-supported"),
    _get("F-098", "date=ge2024-13-01", "Observation?date=ge2024-13-01", 400, "value"),
    _get("F-098b", "50-digit date", f"Observation?date={'9' * 50}", 400, "value"),
    _get("F-098c", "unknown prefix", "Observation?date=zz2024", 400, "value"),
    _get("F-098d", "a number that is none", "Observation?value-quantity=1e999", 400, "value"),
    _form("F-099", "5 000 values in _id", "", f"_id={_MANY}", status=400, code="too-costly"),
    _form("F-099b", "1 000 parameters", "", "&".join(["_id=anna"] * 1_000), status=400, code="value"),
    _form("F-099c", "100 parameters of 100 values", "", _WIDE, status=400, code="too-costly"),
    _get("F-100", "_filter", f"Patient?_filter=name%20eq%20{CANARY}", 400, "not-supported"),
    _get("F-100b", "_text", f"Patient?_text={CANARY}", 400, "not-supported"),
    _get("F-100c", "_content", f"Patient?_content={CANARY}", 400, "not-supported"),
    _get("F-101", "patient=1&patient=2", "Observation?patient=anna&patient=bert", 200, total=0),
    _found("F-101b", "_id twice", "_id=anna&_id=bert", 0),
    _found("F-102", "encoded once", f"identifier={CANARY}+50%2526%2B1", 1),
    _found("F-102b", "encoded too little", f"identifier={CANARY}+50%26%2B1", 0),
    _found("F-102c", "encoded twice", f"identifier={CANARY}%252050%252526%252B1", 0),
    _found("F-103", "full-width signs", f"identifier={_FULL_WIDTH}", 0),
    _found("F-103b", "the same in ASCII", ANNA, 1),
    _found("F-103c", "system that only begins alike", f"identifier={quote(MRN)}s|MRN-{CANARY}-1", 0),
    _form("F-104", "query and body", "?_id=anna", "_id=bert", total=0),
    _form("F-104b", "query and body that agree", "?_id=anna", ANNA, total=1),
    _get("F-105b", "no pairs at all", "Patient?%%%", 400, "value"),
    _found("F-105c", "system without a code", f"identifier={quote(MRN)}|&_id=anna", 1),
    _get("F-105d", "bars that are not escaped", "Patient?identifier=a|b|c", 400, "value"),
    _get("F-024b", "unknown type", "Banana?_id=1", 404, "not-supported"),
)
