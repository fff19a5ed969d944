"""transaction: all or nothing (R4 http.html#transaction)."""

from __future__ import annotations

import uuid

from conformance.checks import expect, specimens
from conformance.checks.claim import claim
from conformance.checks.claims.flags import condition
from conformance.checks.exchange import Seen
from conformance.checks.run import Run
from conformance.peers.codes import Resource

_NEEDS = ("transaction", "Patient.create", "Observation.create")
_REFUSALS = (400, 404, 409, 412, 422)


@claim(
    "transaction/urn-uuid",
    "R4 http.html#trules",
    "References to another entry's urn:uuid become references to the resource that it came to be.",
    needs=_NEEDS,
)
def urn_uuid(run: Run) -> None:
    patient, observation = _pair(run)
    places = _places(_send(run, patient, observation))
    stored = specimens.read(run, places[1]).body
    expect.equal(places[0], stored["subject"]["reference"], "Observation.subject")


@claim(
    "transaction/any-order",
    "R4 http.html#trules",
    "An entry may refer to one that stands after it; answers come in the order of the request.",
    needs=_NEEDS,
)
def any_order(run: Run) -> None:
    patient, observation = _pair(run)
    places = _places(_send(run, observation, patient))
    expect.equal(["Observation", "Patient"], [each.partition("/")[0] for each in places], "types answered:")
    stored = specimens.read(run, places[0]).body
    expect.equal(places[1], stored["subject"]["reference"], "Observation.subject")


@claim(
    "transaction/all-or-nothing",
    "R4 http.html#transaction",
    "When one entry cannot be carried out, none is, and the answer is one OperationOutcome.",
    needs=(*_NEEDS, "Patient?identifier"),
)
def all_or_nothing(run: Run) -> None:
    patient, observation = _pair(run)
    observation["resource"]["subject"] = {"reference": f"urn:uuid:{uuid.uuid4()}"}
    expect.refused(_send(run, patient, observation), *_REFUSALS)
    _nothing_of(run, patient)


@claim(
    "transaction/stale",
    "R4 http.html#transaction, #concurrency",
    "A stale ifMatch in one entry fails the whole with 412, and nothing is written.",
    needs=(*_NEEDS, "Patient.update", "Patient?identifier"),
)
def stale(run: Run) -> None:
    patient, _ = _pair(run)
    here = specimens.created(run, "Patient")
    path = f"Patient/{here['id']}"
    put = {"method": "PUT", "url": path, "ifMatch": 'W/"none-of-these"'}
    late = {"resource": here | specimens.change(run, here), "request": put}
    expect.refused(_send(run, patient, late), 400, 412)
    _nothing_of(run, patient)
    now = specimens.read(run, path).body
    expect.equal(here["meta"]["versionId"], now["meta"]["versionId"], "unchanged version")


@claim(
    "transaction/overlap",
    "R4 http.html#trules",
    "Two entries that change the same resource fail the whole, and nothing is written.",
    needs=(*_NEEDS, "Patient.update"),
)
def overlap(run: Run) -> None:
    here = specimens.created(run, "Patient")
    request = {"method": "PUT", "url": f"Patient/{here['id']}", "ifMatch": specimens.tag(here)}
    twice = [{"resource": here | specimens.change(run, here), "request": request} for _ in range(2)]
    expect.refused(_send(run, *twice), *_REFUSALS)
    now = specimens.read(run, f"Patient/{here['id']}").body
    expect.equal(here["meta"]["versionId"], now["meta"]["versionId"], "unchanged version")


@claim(
    "transaction/repeated",
    "R4 http.html#transaction, #ccreate",
    "A transaction of conditional creates that is sent twice makes nothing twice.",
    needs=(*_NEEDS, "Patient.conditionalCreate"),
)
def repeated(run: Run) -> None:
    entries = _pair(run)
    for each in entries:
        each["request"]["ifNoneExist"] = condition(each["resource"])
    first, again = _send(run, *entries), _send(run, *entries)
    expect.equal(_places(first), _places(again), "the same resources:")
    expect.equal(["200", "200"], _statuses(again), "statuses of the repeat:")


@claim(
    "transaction/answers",
    "R4 http.html#transaction-response",
    "Each entry is answered with status 201, location and etag.",
    needs=_NEEDS,
)
def answers(run: Run) -> None:
    seen = _send(run, *_pair(run))
    expect.equal(["201", "201"], _statuses(seen), "statuses:")
    for each in expect.bundle(seen, "transaction-response"):
        lacking = {"location", "etag"} - each["response"].keys()
        expect.equal(set(), lacking, "what is lacking of location and etag:")


@claim(
    "transaction/names-the-entry",
    "docs/fhir-door.md",
    "A refusal names the entry and the element in it.",
    ours=True,
    needs=_NEEDS,
)
def names_the_entry(run: Run) -> None:
    patient, observation = _pair(run)
    observation["resource"]["status"] = "banana"
    expect.refused(_send(run, patient, observation), 400, 422, at="Bundle.entry[1].resource.status")


@claim(
    "transaction/batch-refused",
    "docs/fhir-door.md, Limits and refusals worth knowing",
    "A batch is refused with 422, and nothing of it is written.",
    ours=True,
    needs=_NEEDS,
)
def batch_refused(run: Run) -> None:
    patient, _ = _pair(run)
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [patient]}
    expect.refused(run.wire.post("", batch), 422, code="not-supported", at="Bundle.type")
    _nothing_of(run, patient)


def _pair(run: Run) -> tuple[Resource, Resource]:
    """Entries of a Patient and of an Observation about it."""
    patient = _entry(specimens.new(run, "Patient"))
    about = {"subject": {"reference": patient["fullUrl"]}}
    return patient, _entry(specimens.new(run, "Observation") | about)


def _entry(resource: Resource) -> Resource:
    request = {"method": "POST", "url": resource["resourceType"]}
    return {"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": resource, "request": request}


def _send(run: Run, *entries: Resource) -> Seen:
    return run.wire.post("", {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)})


def _places(seen: Seen) -> list[str]:
    """``Type/id`` of what each entry came to be."""
    answered = expect.bundle(seen, "transaction-response")
    located = [str(each["response"]["location"]).partition("/_history/")[0] for each in answered]
    return ["/".join(each.split("/")[-2:]) for each in located]


def _statuses(seen: Seen) -> list[str]:
    answered = expect.bundle(seen, "transaction-response")
    return [str(each["response"]["status"])[:3] for each in answered]


def _nothing_of(run: Run, entry: Resource) -> None:
    found = run.wire.get(f"Patient?{condition(entry['resource'])}")
    expect.equal([], expect.ids(found), "ids of the other entry found:")
