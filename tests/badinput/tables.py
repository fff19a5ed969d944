"""All rows about FHIR and HTTP, together."""

from __future__ import annotations

import json

from tests.badinput import (
    fhir_cases,
    fhir_http,
    fhir_later,
    fhir_search,
    fhir_transactions,
    fhir_versions,
    fhir_xml,
)
from tests.badinput.call import Call, Kept
from tests.badinput.fhir_bodies import ROWS
from tests.badinput.orders import order
from tests.badinput.row import Row

_STATUS = {"INCORRECT": 400, "UNPROCESSABLE": 422, "TOO_LARGE": 413, "UNSUPPORTED": 415}
_MARK = b"\xef\xbb\xbf"


def _path(row: Row) -> str:
    return "/fhir" if row.type == "Bundle" else f"/fhir/{row.type}"


def _refused(row: Row, media_type: str = "application/fhir+json") -> Call:
    status, code = _STATUS[row.expected], row.code or ""
    return Call(row.id, row.what, "POST", _path(row), status, code, row.body, {"Content-Type": media_type})


def _passed(row: Row) -> Kept:
    """Of a Task the rows hold only what is odd; with an order around it, it can be admitted."""
    if row.type != "Task":
        return Kept(row.id, row.what, _path(row), row.body)
    odd = json.loads(row.body.removeprefix(_MARK))
    mark = _MARK if row.body.startswith(_MARK) else b""
    asked = order(row.id, focus={"reference": f"DiagnosticReport/for-{row.id}"})
    return Kept(row.id, row.what, _path(row), mark + json.dumps(asked | odd).encode())


CALLS: tuple[Call, ...] = (
    *(_refused(row) for row in ROWS if row.expected != "ok"),
    *(_refused(row, "application/fhir+xml") for row in fhir_xml.REFUSED),
    *fhir_http.HTTP_CALLS,
    *fhir_versions.CALLS,
    *fhir_search.CALLS,
    *fhir_transactions.CALLS,
    *fhir_cases.CALLS,
    *fhir_later.CALLS,
)
RAW = fhir_http.RAW
KEPT: tuple[Kept, ...] = tuple(_passed(row) for row in ROWS if row.expected == "ok")
