"""What ``bench fhir`` stores before it measures: patients, ten resources to each, for all kinds of search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from conformance.peers.client import FhirClient
from conformance.peers.codes import Resource

SYSTEM = "urn:bench"
PER_PATIENT = 10
"""Resources to one patient, the patient among them."""
FIRST_DAY = datetime(2020, 1, 1, 8, tzinfo=UTC)
DAYS = 2000
FIRST = "t0"
"""The id of the Task that the peer holds from the start."""
_PATIENTS_AT_ONCE = 40
_LINES = 2


def fill(base: str, patients: range, told: Callable[[str], None]) -> None:
    """Store these patients with their observations; ``told`` after each transaction.

    Raises:
        NotDone: the server refused one.
    """
    chunks = [patients[n : n + _PATIENTS_AT_ONCE] for n in range(0, len(patients), _PATIENTS_AT_ONCE)]

    def send(chunk: range) -> None:
        with FhirClient(base, timeout=120.0) as client:
            client.transaction(_bundle(chunk))
        told(f"{(chunk[-1] + 1) * PER_PATIENT:,} resources")

    with ThreadPoolExecutor(_LINES) as pool:
        for _ in pool.map(send, chunks):
            pass


def chunks_of(patients: int) -> int:
    """How many transactions ``fill`` sends for so many."""
    return -(-patients // _PATIENTS_AT_ONCE)


def patient(number: int) -> Resource:
    return {
        "resourceType": "Patient",
        "id": f"p-{number:08d}",
        "identifier": [{"system": SYSTEM, "value": f"P-{number:08d}"}],
        "name": [{"family": f"Bench{number % 5000}", "given": ["Demo"]}],
        "gender": "female" if number % 2 else "male",
        "birthDate": f"{1930 + number % 90}-0{1 + number % 9}-1{number % 9}",
    }


def observation(number: int) -> Resource:
    """Of patient ``number // 9``."""
    owner, kind = divmod(number, PER_PATIENT - 1)
    return {
        "resourceType": "Observation",
        "id": f"o-{number:08d}",
        "identifier": [{"system": SYSTEM, "value": f"O-{number:08d}"}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": f"{26460 + kind}-{kind}"}]},
        "subject": {"reference": f"Patient/p-{owner:08d}"},
        "effectiveDateTime": (FIRST_DAY + timedelta(days=number % DAYS, minutes=number // DAYS)).isoformat(),
        "valueQuantity": {
            "value": number % 997,
            "unit": "mmol/L",
            "system": "http://unitsofmeasure.org",
            "code": "mmol/L",
        },
    }


def _bundle(patients: range) -> Resource:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(_entries(patients))}


def _entries(patients: range) -> Iterator[Resource]:
    for number in patients:
        yield put(patient(number))
        for kind in range(PER_PATIENT - 1):
            yield put(observation(number * (PER_PATIENT - 1) + kind))


def put(resource: Resource) -> Resource:
    """A Bundle entry that stores it under its own id."""
    url = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": url}}
