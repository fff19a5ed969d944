"""Loading the directory of specialists from a CSV file: the same resources that a FHIR client would PUT."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from server.caller import EVERYBODY
from server.fhir.asked import Asked
from server.fhir.audit.witness import Witness
from server.fhir.exchange import Request
from server.fhir.pens.datatypes import concept
from server.fhir.specialists import TURNAROUND
from server.fhir.validate import check
from server.model import Absence
from server.ports import Resource
from server.routing.directory import DirectoryRow, read_directory
from server.times import instant
from server.wiring import House, desk


def load_directory(house: House, text: str, at: datetime) -> int:
    """Write all rows in one transaction; returns how many specialists they are.

    Raises:
        Fault: INCORRECT, naming line and column of what is wrong.
    """
    rows = read_directory(text)
    resources = {f"{each['resourceType']}/{each['id']}": each for row in rows for each in _resources(row)}
    for resource in resources.values():
        check(resource, resource["resourceType"])
    asked = [Asked("PUT", each["resourceType"], each, id=each["id"]) for each in resources.values()]
    request = Request("PUT", "", "", {}, text.encode(), at)
    door = desk(house)
    seen = Witness(door.trail, at, "command directory")
    door.of(EVERYBODY, seen).write(request.arrival("directory"), asked, at)
    return len(rows)


def _resources(row: DirectoryRow) -> Iterator[Resource]:
    if row.organisation_id:
        yield {
            "resourceType": "Organization",
            "id": row.organisation_id,
            "active": True,
            "name": row.organisation or row.organisation_id,
        }
    yield {
        "resourceType": "Practitioner",
        "id": row.practitioner_id,
        "active": True,
        "name": [{"family": row.family, "given": [row.given]}],
    }
    yield _role(row)


def _role(row: DirectoryRow) -> Resource:
    role: Resource = {
        "resourceType": "PractitionerRole",
        "id": row.role_id,
        "active": row.active,
        "practitioner": {"reference": f"Practitioner/{row.practitioner_id}"},
        "specialty": [concept(each) for each in row.specialties],
    }
    if row.organisation_id:
        role["organization"] = {"reference": f"Organization/{row.organisation_id}"}
    if row.turnaround is not None:
        hours = Decimal(str(round(row.turnaround.total_seconds() / 3600, 4)))
        duration = {"value": hours, "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"}
        role["extension"] = [{"url": TURNAROUND, "valueDuration": duration}]
    if row.absences:
        role["notAvailable"] = [_absence(each) for each in row.absences]
    return role


def _absence(absence: Absence) -> Resource:
    edges = {"start": absence.start, "end": absence.end}
    during = {name: instant(edge) for name, edge in edges.items() if edge is not None}
    return {"description": "absent", **({"during": during} if during else {})}
