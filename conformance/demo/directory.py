"""directory.csv as FHIR: Practitioner, PractitionerRole and Organization in one transaction."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from conformance.peers.client import FhirClient
from conformance.peers.codes import SNOMED, SR, UCUM, Resource, concept
from conformance.peers.request import Clinician, Entry, bundle, clinician

DIRECTORY = Path(__file__).parent / "directory.csv"
TURNAROUND = f"{SR}/StructureDefinition/turnaround"
"""R4 has no element for how long somebody usually needs; an extension of PractitionerRole says it."""


def entries(path: Path = DIRECTORY) -> tuple[Entry, ...]:
    """Everything to create; an organisation of several people stands in it once."""
    with path.open(newline="") as file:
        made = [entry for row in csv.DictReader(file) for entry in _row(row)]
    return tuple({entry.full_url: entry for entry in made}.values())


def post(client: FhirClient, path: Path = DIRECTORY) -> dict[str, str]:
    """Create the directory at the second reader; returns ``PractitionerRole/id`` -> name.

    Raises:
        NotDone: it was refused or there was no answer.
    """
    made = entries(path)
    answered = client.transaction(bundle(made))["entry"]
    names = {each.full_url: _name(each.resource) for each in made}
    roles: dict[str, str] = {}
    for each, answer in zip(made, answered, strict=True):
        if each.resource["resourceType"] == "PractitionerRole":
            location = answer["response"]["location"].partition("/_history/")[0]
            roles["/".join(location.split("/")[-2:])] = names[each.resource["practitioner"]["reference"]]
    return roles


def _row(row: Mapping[str, str]) -> tuple[Entry, ...]:
    who = Clinician(
        role=row["role_id"],
        practitioner=row["practitioner_id"],
        family=row["family"],
        given=row["given"],
        organisation=row["organisation_id"],
        organisation_name=row["organisation"],
    )
    absences = [_absence(each) for each in row["not_available"].split(";") if each.strip()]
    extra: Resource = {
        "active": row["active"].strip().lower() == "true",
        "specialty": [concept(SNOMED, each.strip()) for each in row["specialty_code"].split(";")],
    }
    if absences:
        extra["notAvailable"] = absences
    if row["turnaround_hours"]:
        extra["extension"] = [_turnaround(row["turnaround_hours"])]
    return clinician(who, **extra)


def _absence(period: str) -> Resource:
    """``start/end`` in UTC; an open side is left out (R4 Period)."""
    start, _, end = (part.strip() for part in period.partition("/"))
    sides = {"start": _instant(start), "end": _instant(end)}
    during = {name: side for name, side in sides.items() if side}
    return {"description": "away", "during": during}


def _instant(moment: str) -> str:
    """R4 dateTime wants seconds and a zone as soon as there is an hour."""
    if moment.endswith("Z") and moment.count(":") == 1:
        return f"{moment[:-1]}:00Z"
    return moment


def _turnaround(hours: str) -> Resource:
    duration = {"value": Decimal(hours), "unit": "h", "system": UCUM, "code": "h"}
    return {"url": TURNAROUND, "valueDuration": duration}


def _name(resource: Resource) -> str:
    name = resource.get("name")
    if isinstance(name, list):
        return f"{' '.join(name[0]['given'])} {name[0]['family']}"
    return name or ""
