"""What each interaction of the door does to whom, as it is laid down; one line for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from server.accesses import Doing
from server.caller import Deed
from server.fhir.audit.witness import Account, Witness
from server.fhir.bindings import PUBLISHED
from server.fhir.bundle import bundle
from server.fhir.create import create
from server.fhir.definitions.types import AUDITS
from server.fhir.delete import conditional_delete, delete
from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.history import history, history_system, history_type
from server.fhir.metadata import metadata
from server.fhir.operations.complete_study import complete_study
from server.fhir.operations.everything import everything
from server.fhir.operations.keep import keep
from server.fhir.operations.subscription_events import events
from server.fhir.operations.subscription_status import status, status_all
from server.fhir.operations.validate import validate, validate_type
from server.fhir.operations.withdraw import withdraw_model, withdraw_opinion
from server.fhir.patch import conditional_patch, patch
from server.fhir.read import read, vread
from server.fhir.search import search
from server.fhir.search_system import search_system
from server.fhir.update import conditional_update, update
from server.query import NEVER

Interaction = Callable[..., Response]
DOINGS: Mapping[Interaction, Doing | None] = {
    metadata: None,
    bundle: Doing.TRANSACTION,
    history_system: Doing.HISTORY_OF_ALL,
    search: Doing.SEARCH,
    search_system: Doing.SEARCH,
    history_type: Doing.HISTORY_OF_TYPE,
    create: Doing.CREATE,
    update: Doing.UPDATE,
    conditional_update: Doing.UPDATE,
    patch: Doing.PATCH,
    conditional_patch: Doing.PATCH,
    delete: Doing.DELETE,
    conditional_delete: Doing.DELETE,
    read: Doing.READ,
    history: Doing.HISTORY,
    vread: Doing.VREAD,
    everything: Doing.COLLECT,
    status_all: Doing.COLLECT,
    status: Doing.ASK,
    events: Doing.ASK,
    validate: Doing.ASK,
    validate_type: None,
    complete_study: Doing.OPERATE,
    keep: Doing.OPERATE,
    withdraw_opinion: Doing.OPERATE,
    withdraw_model: Doing.OPERATE,
}
"""Interaction -> what its AuditEvent says was done; of a Bundle each entry is told, and the whole if refused.

None: nothing that is kept here is looked at.
"""
_SEARCHES = (search, search_system)
TYPES: Mapping[Interaction, str] = {
    everything: "Patient",
    status_all: "Subscription",
    status: "Subscription",
    events: "Subscription",
    complete_study: "Task",
    keep: "Task",
    withdraw_opinion: "DiagnosticReport",
    withdraw_model: "Device",
}
"""Of those whose address names it itself."""


def watching(witness: Witness, interaction: Interaction, place: Mapping[str, Any]) -> Account:
    """Around one interaction; what the door publishes of itself concerns no patient."""
    type_ = TYPES.get(interaction) or place.get("type_", "")
    doing = None if type_ in PUBLISHED else DOINGS[interaction]
    return witness.watching(doing, type_, place.get("id_", ""), place.get("version", 0))


def catch_up(desk: Desk, interaction: Interaction, request: Request) -> None:
    """An auditor is shown all accesses that there are by now; AuditEvents are found by their name only.

    Raises:
        Fault: UNAVAILABLE, when too many of them are not written up yet.
    """
    words = f"{request.path} {request.query}"
    if interaction in _SEARCHES and request.method == "POST":
        words += f" {request.body.decode('latin-1')}"
    named = unquote_plus(words)
    looks = request.method in ("GET", "HEAD") or interaction in _SEARCHES
    if looks and AUDITS in named and desk.rights.sees(AUDITS, Deed.SEARCH) != NEVER:
        desk.trail.catch_up()
