"""POST [base]: a Bundle, as batch or transaction (R4 http.html#transaction)."""

from __future__ import annotations

from typing import Any

from server.errors import Category, fault
from server.fhir.batch import batch
from server.fhir.bundle_entry import Ask
from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.format import received
from server.fhir.transaction import transaction
from server.fhir.validate import check, check_envelope
from server.ports import Resource


def bundle(desk: Desk, request: Request, *, ask: Ask) -> Response:
    """``ask`` answers what an entry asks, as if it had come by itself."""
    told = received(request, desk.max_bundle)
    _demand_bundle(desk, told)
    if told.get("type") == "batch":
        check_envelope(told)
        return batch(desk, request, told, ask)
    check(told, "Bundle")
    if told.get("type") != "transaction":
        text = "a Bundle POSTed here must be of type batch or transaction"
        raise fault(Category.UNPROCESSABLE, "not-supported", text, "Bundle.type")
    return transaction(desk, request, told, ask)


def _demand_bundle(desk: Desk, told: Resource) -> None:
    if told.get("resourceType") != "Bundle":
        text = "only a Bundle is accepted at the base; POST others to [base]/[type]"
        raise fault(Category.INCORRECT, "invalid", text)
    entries: Any = told.get("entry", [])
    if isinstance(entries, list) and len(entries) > desk.max_entries:
        text = f"at most {desk.max_entries} entries are accepted; send several Bundles"
        raise fault(Category.TOO_LARGE, "too-costly", text, "Bundle.entry")
