"""batch: POST [base] with a Bundle of type batch (R4 http.html#brules).

Each entry is a request of its own, with its own status: what one of them comes to changes nothing for
the others. What they write they write one after another; the bytes of the batch are kept once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from server.errors import Category, Fault
from server.fhir.bundle_entry import Ask, Room, answered, inner_request, refused
from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.place import within
from server.fhir.write import dump
from server.ports import Arrival, Resource


def batch(desk: Desk, request: Request, bundle: Resource, ask: Ask) -> Response:
    arrival, bounded = replace(request.arrival("batch"), shared=True), _bounded(ask, Room(desk.max_bundle))
    entries = [
        _one(request, entry, arrival, f"Bundle.entry[{position}]", bounded)
        for position, entry in enumerate(bundle.get("entry", []))
    ]
    told = {"resourceType": "Bundle", "type": "batch-response", **({"entry": entries} if entries else {})}
    return Response(200, dump(told))


def _bounded(ask: Ask, room: Room) -> Ask:
    """What is read has its bounds; what is written is told in any case."""

    def bounded(request: Request) -> Response:
        response = ask(request)
        reads = request.method in ("GET", "HEAD") or request.path.endswith("/_search")
        return room.take(response) if reads else response

    return bounded


def _one(outer: Request, entry: Resource, arrival: Arrival, path: str, ask: Ask) -> dict[str, Any]:
    try:
        request = inner_request(outer, entry, arrival, path)
    except Fault as failure:
        return refused(failure)
    try:
        return answered(ask(request), head=request.method == "HEAD")
    except Fault as failure:
        if failure.category is Category.BROKEN:
            raise  # the house itself is broken: nothing more is to be done in it
        return refused(within(failure, f"{path}.resource"))
