"""One table: method and address to interaction, and what each asks of whoever calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from server.caller import Deed
from server.fhir.bundle import bundle
from server.fhir.compartment import MEMBERS
from server.fhir.create import create
from server.fhir.delete import conditional_delete, delete
from server.fhir.exchange import Response
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

ROUTES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("GET", "/metadata", metadata),
    ("POST", "/", bundle),
    ("GET", "/", search_system),
    ("POST", "/_search", search_system),
    ("GET", "/_history", history_system),
    ("GET", "/<type_>", search),
    ("POST", "/<type_>/_search", search),
    ("GET", "/Patient/<id_>/*", search_system),
    ("GET", f"/Patient/<id_>/<any({','.join(MEMBERS)}):type_>", search),
    ("POST", "/<type_>", create),
    ("PUT", "/<type_>", conditional_update),
    ("PATCH", "/<type_>", conditional_patch),
    ("DELETE", "/<type_>", conditional_delete),
    ("GET", "/<type_>/_history", history_type),
    ("GET", "/<type_>/<id_>", read),
    ("PUT", "/<type_>/<id_>", update),
    ("PATCH", "/<type_>/<id_>", patch),
    ("DELETE", "/<type_>/<id_>", delete),
    ("GET", "/<type_>/<id_>/_history", history),
    ("POST", "/<type_>/$validate", validate_type),
    ("GET", "/<type_>/<id_>/$validate", validate),
    ("POST", "/<type_>/<id_>/$validate", validate),
    ("GET", "/Patient/<id_>/$everything", everything),
    ("POST", "/Patient/<id_>/$everything", everything),
    ("GET", "/Subscription/$status", status_all),
    ("POST", "/Subscription/$status", status_all),
    ("GET", "/Subscription/<id_>/$status", status),
    ("POST", "/Subscription/<id_>/$status", status),
    ("GET", "/Subscription/<id_>/$events", events),
    ("POST", "/Subscription/<id_>/$events", events),
    ("POST", "/Task/<id_>/$complete-study", complete_study),
    ("POST", "/Task/<id_>/$keep", keep),
    ("POST", "/DiagnosticReport/<id_>/$withdraw", withdraw_opinion),
    ("POST", "/Device/<id_>/$withdraw", withdraw_model),
    ("GET", f"/<type_>/<id_>/_history/<int(max={2**31 - 1}):version>", vread),
)
"""Method, path below [base], interaction."""

DEEDS: Mapping[Callable[..., Response], Deed | None] = {
    bundle: None,
    history_system: None,
    search_system: None,
    search: Deed.SEARCH,
    history_type: Deed.SEARCH,
    create: Deed.CREATE,
    update: Deed.UPDATE,
    conditional_update: Deed.UPDATE,
    patch: Deed.UPDATE,
    conditional_patch: Deed.UPDATE,
    delete: Deed.DELETE,
    conditional_delete: Deed.DELETE,
    read: Deed.READ,
    history: Deed.READ,
    vread: Deed.READ,
    everything: Deed.READ,
    status_all: Deed.SEARCH,
    status: Deed.READ,
    events: Deed.READ,
    validate: Deed.READ,
    validate_type: None,
    complete_study: None,
    keep: None,
    withdraw_opinion: None,
    withdraw_model: None,
}
"""Interaction -> what its caller must be allowed to do with the type.

None: an operator withdraws, keeps a first report, calls a study complete; each entry of a Bundle is asked
itself, a history and a search of all tell what their caller may find, and of $validate what a mode would
write.
"""
SEARCHES = frozenset({search, search_system})
"""What may be told in a form."""
OPEN = frozenset({metadata})
"""What everybody is told (R4 http.html#capabilities)."""
