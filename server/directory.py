"""The directory of specialists from and to a CSV file: the same resources that a FHIR client would PUT."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from server.caller import EVERYBODY
from server.errors import Category, Fault, fault
from server.fhir.asked import Asked
from server.fhir.audit.witness import Witness
from server.fhir.exchange import Request
from server.fhir.identity import Look, once, resource_of
from server.fhir.pens.datatypes import concept
from server.fhir.qualifications import COUNTRIES, LICENCE_PLACE, PARTS
from server.fhir.specialists import NOBODY, REPORTS_TO, TRACK_RECORD, TURNAROUND
from server.fhir.terms import SR
from server.fhir.validate import check
from server.model import Absence, Qualification, Specialist
from server.ports import Resource
from server.routing.cells import SNOMED
from server.routing.directory import DirectoryRow, read_directory
from server.routing.table import write_directory
from server.steps.roster import Roster
from server.times import instant
from server.wiring import House, desk


def table_in(path: Path) -> str:
    """Raises Fault(INCORRECT) when the file is no text in UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise fault(Category.INCORRECT, "structure", f"{path} is not a CSV file in UTF-8") from error


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
        **(
            {"qualification": [_qualification(each) for each in row.qualifications]}
            if row.qualifications
            else {}
        ),
        **_spoken(row.languages),
    }
    if row.service_languages:
        yield {
            "resourceType": "HealthcareService",
            "id": _service(row),
            "active": True,
            **_spoken(row.service_languages),
        }
    yield _role(row)


def _service(row: DirectoryRow) -> str:
    """The table has no name for it; the same role has the same one each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{SR}/HealthcareService/{row.role_id}"))


def _spoken(languages: frozenset[str]) -> Resource:
    coded = [{"coding": [{"system": "urn:ietf:bcp:47", "code": each}]} for each in sorted(languages)]
    return {"communication": coded} if coded else {}


def _qualification(held: Qualification) -> Resource:
    places = [
        {"url": LICENCE_PLACE, "valueCoding": {"system": PARTS if "-" in each else COUNTRIES, "code": each}}
        for each in sorted(held.places)
    ]
    valid = _during(held.valid)
    return {
        **({"extension": places} if places else {}),
        "code": concept(*held.codes),
        **({"period": valid} if valid else {}),
    }


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
    said = list[Resource]()
    if row.turnaround is not None:
        hours = Decimal(str(round(row.turnaround.total_seconds() / 3600, 4)))
        duration = {"value": hours, "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"}
        said.append({"url": TURNAROUND, "valueDuration": duration})
    if said := [*said, *_line(row), *_records(row)]:
        role["extension"] = said
    if row.service_languages:
        role["healthcareService"] = [{"reference": f"HealthcareService/{_service(row)}"}]
    if row.absences:
        role["notAvailable"] = [_absence(each) for each in row.absences]
    return role


def _absence(absence: Absence) -> Resource:
    during = _during(absence)
    return {"description": "absent", **({"during": during} if during else {})}


def _during(absence: Absence) -> dict[str, str]:
    edges = {"start": absence.start, "end": absence.end}
    return {name: instant(edge) for name, edge in edges.items() if edge is not None}


def _line(row: DirectoryRow) -> list[Resource]:
    if row.superiors == ():
        return [{"url": REPORTS_TO, "valueCode": NOBODY}]
    above = [{"reference": f"Practitioner/{each}"} for each in row.superiors or ()]
    return [{"url": REPORTS_TO, "valueReference": each} for each in above]


def _records(row: DirectoryRow) -> list[Resource]:
    return [
        {
            "url": TRACK_RECORD,
            "extension": [
                {"url": "question", "valueCode": question},
                {"url": "per-year", "valueUnsignedInt": known.per_year},
                {"url": "adjudicated", "valueUnsignedInt": known.adjudicated},
                {"url": "right", "valueUnsignedInt": known.right},
            ],
        }
        for question, known in row.renown.items()
    ]


def dump_directory(house: House) -> tuple[str, int]:
    """(the table, how many roles it cannot hold): those without a name, or a specialty of SNOMED CT."""
    table, left_out = list[DirectoryRow](), 0
    look = once(house.shelf.read)
    for each in Roster(house.shelf)():
        row = _row(each, look)
        try:
            read_directory(write_directory([row]))
        except Fault:
            left_out += 1
        else:
            table.append(row)
    return write_directory(table), left_out


def _row(found: Specialist, look: Look) -> DirectoryRow:
    name: Resource = next(iter(resource_of({"reference": found.practitioner}, look).get("name", [])), {})
    organisation = resource_of({"reference": found.organisation}, look)
    above = sorted(each for each in found.superiors if each.startswith("Practitioner/"))
    return DirectoryRow(
        role_id=_id(found.role),
        practitioner_id=_id(found.practitioner),
        family=name.get("family", ""),
        given=" ".join(name.get("given", [])),
        organisation_id=_id(found.organisation),
        organisation=organisation.get("name", ""),
        specialties=tuple(each for each in found.specialties if each.system == SNOMED),
        active=found.active,
        turnaround=found.turnaround,
        absences=found.absences,
        qualifications=tuple(
            replace(each, codes=each.codes[:1]) for each in found.qualifications if each.codes
        ),
        languages=found.languages,
        service_languages=found.service_languages,
        superiors=tuple(_id(each) for each in above) if found.line_known else None,
        renown=found.renown,
    )


def _id(reference: str) -> str:
    return reference.partition("/")[2]
