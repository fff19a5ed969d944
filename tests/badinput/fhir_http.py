"""F-056 to F-074: HTTP itself."""

from __future__ import annotations

import gzip
import json

from tests.badinput.call import Bytes, Call
from tests.badinput.orders import CANARY, person, told

_PATIENT = told(person())
_MIB = 2**20


def _post(id_: str, what: str, status: int, code: str, body: bytes, **headers: str) -> Call:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(id_, what, "POST", "/fhir/Patient", status, code, body, fields)


def _get(id_: str, what: str, path: str, status: int, code: str = "", **headers: str) -> Call:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(id_, what, "GET", path, status, code, b"", fields)


_BOMB = gzip.compress(b" " * 50_000_000)
_ONE = gzip.compress(_PATIENT)

HTTP_CALLS = (
    _post("F-056", "text/plain", 415, "not-supported", _PATIENT, Content_Type="text/plain"),
    _post(
        "F-056f",
        "JSON called XML",
        400,
        "structure",
        _PATIENT,
        Content_Type="application/fhir+xml",
    ),
    _post("F-056g", "RDF", 415, "not-supported", b"<a> <b> <c> .", Content_Type="application/fhir+turtle"),
    _post("F-056b", "no Content-Type", 415, "not-supported", _PATIENT, Content_Type=""),
    _post("F-056c", "a form", 415, "not-supported", _PATIENT, Content_Type="multipart/form-data; boundary=x"),
    _post(
        "F-056d",
        "charset=utf-16",
        415,
        "not-supported",
        _PATIENT,
        Content_Type="application/fhir+json; charset=utf-16",
    ),
    Call(
        "F-056e",
        "a search sent as JSON",
        "POST",
        "/fhir/Patient/_search",
        415,
        "not-supported",
        _PATIENT,
        says="urlencoded",
    ),
    _get("F-057", "Accept: text/html", "/fhir/Patient", 406, "not-supported", Accept="text/html"),
    _get("F-057b", "_format=exe", "/fhir/Patient?_format=exe", 406, "not-supported"),
    _get(
        "F-057c", "Accept: RDF", "/fhir/Patient/anna", 406, "not-supported", Accept="application/fhir+turtle"
    ),
    _get(
        "F-057d",
        "another version of FHIR",
        "/fhir/Patient/anna",
        406,
        "not-supported",
        Accept="application/fhir+xml; fhirVersion=5.0",
    ),
    _get("F-057e", "nothing wanted", "/fhir/Patient/anna", 406, "not-supported", Accept="*/*;q=0"),
    _post("F-063", "gzip 49 KB that is 50 MB", 413, "too-long", _BOMB, Content_Encoding="gzip"),
    _post("F-064", "gzip cut short", 400, "structure", _ONE[:-4], Content_Encoding="gzip"),
    _post("F-064b", "bytes after the gzip", 400, "structure", _ONE + b"more", Content_Encoding="gzip"),
    _post("F-064c", "not gzip at all", 400, "structure", _PATIENT, Content_Encoding="gzip"),
    _post("F-065", "br, gzip, gzip", 415, "not-supported", _ONE, Content_Encoding="br, gzip, gzip"),
    _get("F-066", "header of 64 KB", "/fhir/Patient", 431, "too-long", X_Patient=CANARY * 9_400),
    Call(
        "F-066b",
        "200 headers",
        "GET",
        "/fhir/Patient",
        431,
        "too-long",
        headers={f"X-{number}": CANARY for number in range(200)},
    ),
    Call(
        "F-067",
        "URL of 9 KB",
        "GET",
        "/fhir/Patient?identifier=" + CANARY * 1_300,
        414,
        "too-long",
        says="_search",
    ),
    Call("F-068", "TRACE", "TRACE", "/fhir/Patient", 405, "not-supported"),
    Call("F-068b", "PROPFIND", "PROPFIND", "/fhir/Patient/anna", 405, "not-supported"),
    Call("F-068c", "CONNECT", "CONNECT", "/fhir/Patient", 501, "not-supported"),
    _get("F-069", "method override", "/fhir/Patient/anna", 200, X_HTTP_Method_Override="DELETE"),
    Call(
        "F-070",
        "foreign Host and X-Forwarded-Host",
        "GET",
        "/fhir/Patient?_id=anna",
        200,
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "ftp"},
        lacks="evil.example",
        total=1,
    ),
    Call(
        "F-070b",
        "two slashes and a foreign Host",
        "GET",
        "/fhir//Patient",
        404,
        "not-found",
        headers={"Host": "evil.example"},
        lacks="evil.example",
    ),
    _get("F-028d", "path with ../", "/fhir/Patient/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404, "not-found"),
    _get("F-028e", "id with a NUL", f"/fhir/Patient/{CANARY}%00", 404, "not-found"),
    _get(
        "F-082b", "version beyond all integers", "/fhir/Patient/anna/_history/" + "9" * 40, 404, "not-found"
    ),
    _get("F-139", "$import", "/fhir/$import", 404, "not-supported"),
)


def _head(*fields: str, path: str = "/fhir/Patient") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/fhir+json", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


_CHUNKED = _head("Transfer-Encoding: chunked")
_CHUNK = b"%x\r\n%b\r\n" % (len(_PATIENT), _PATIENT)
_LONGER = _head(f"Content-Length: {len(_PATIENT) + 100}")
_BIG = json.dumps({"resourceType": "Bundle", "type": "transaction"}).encode()

RAW = (
    Bytes("F-058", "body shorter than Content-Length", _LONGER + _PATIENT, 400, "incomplete", ends=True),
    Bytes("F-058b", "the same, and gone", _LONGER + _PATIENT, None),
    Bytes(
        "F-059",
        "chunked body above 50 MiB",
        _head("Transfer-Encoding: chunked", path="/fhir") + b"100000\r\n%b\r\n" % (b" " * _MIB) * 51,
        413,
        "too-long",
    ),
    Bytes("F-060", "chunked body without an end", _CHUNKED + _CHUNK, 400, "incomplete", ends=True),
    Bytes("F-060b", "chunk cut short", _CHUNKED + _CHUNK[:40], 400, "incomplete", ends=True),
    Bytes("F-060c", "the same, and gone", _CHUNKED + _CHUNK[:40], None),
    Bytes(
        "F-061",
        "Content-Length and chunked",
        _head("Content-Length: 5", "Transfer-Encoding: chunked") + _CHUNK,
        400,
        "structure",
    ),
    Bytes(
        "F-061b",
        "two Content-Length",
        _head("Content-Length: 5", "Content-Length: 6") + b"123456",
        400,
        "structure",
    ),
    Bytes("F-062", "xchunked", _head("Transfer-Encoding: xchunked") + _CHUNK, 501, "not-supported"),
    Bytes("F-062b", "chunk size no number", _CHUNKED + b"zz\r\n" + _PATIENT, 400, "structure", ends=True),
    Bytes(
        "F-074",
        "Expect: 100-continue above the limit",
        _head("Expect: 100-continue", f"Content-Length: {51 * _MIB}"),
        413,
        "too-long",
        ours="nobody is told apart yet; what can be refused before the body is",
    ),
    Bytes(
        "F-113b",
        "51 MiB announced",
        _head(f"Content-Length: {51 * _MIB}", path="/fhir") + _BIG,
        413,
        "too-long",
    ),
    Bytes("F-066c", "no HTTP at all", b"\x16\x03\x01\x02\x00\x01" + CANARY.encode(), 400, "structure"),
)
