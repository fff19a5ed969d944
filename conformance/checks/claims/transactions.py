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
    "transaction/all-methods",
    "R4 http.html#trules",
    "What is deleted is gone for the others, and what is read is read as they left it.",
    needs=(*_NEEDS, "Patient.delete", "Patient.conditionalCreate", "Patient?identifier"),
)
def all_methods(run: Run) -> None:
    old = specimens.created(run, "Patient")
    new = _entry({name: part for name, part in old.items() if name not in ("id", "meta")})
    new["request"]["ifNoneExist"] = condition(old)
    gone, read = f"Patient/{old['id']}", f"Patient?{condition(old)}"
    asked = [{"request": {"method": "GET", "url": read}}, new, {"request": {"method": "DELETE", "url": gone}}]
    found, made, _ = expect.bundle(_send(run, *asked), "transaction-response")
    expect.equal("201", made["response"]["status"][:3], "status of the create:")
    ids = [each["resource"]["id"] for each in found["resource"].get("entry", [])]
    expect.equal([_place(made).rpartition("/")[2]], ids, "ids read:")
    expect.refused(run.wire.get(gone), 410)


@claim(
    "transaction/conditional-reference",
    "R4 http.html#trules",
    "A search in place of a reference becomes a reference to the one that it finds; to two it is refused.",
    needs=(*_NEEDS, "Patient?identifier"),
)
def conditional_reference(run: Run) -> None:
    here = specimens.created(run, "Patient")
    _, observation = _pair(run)
    observation["resource"]["subject"] = {"reference": f"Patient?{condition(here)}"}
    [place] = _places(_send(run, observation))
    stored = specimens.read(run, place).body
    expect.equal(f"Patient/{here['id']}", stored["subject"]["reference"], "Observation.subject")
    specimens.post(run, specimens.new(run, "Patient") | {"identifier": here["identifier"]})
    expect.refused(_send(run, observation), *_REFUSALS)


@claim(
    "batch/independent",
    "R4 http.html#brules",
    "Each entry of a batch has its own status; what is wrong with one changes nothing for the others.",
    needs=("batch", "Patient.create", "Observation.create", "Patient.read"),
)
def independent(run: Run) -> None:
    patient, lost = _pair(run)
    bad = _entry(patient["resource"] | {"gender": "banana"})
    read = {"request": {"method": "GET", "url": f"Patient/{specimens.specimen(run, 'Patient')['id']}"}}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [bad, patient, lost, read]}
    told = expect.bundle(run.wire.post("", batch), "batch-response")
    classes = [str(each["response"]["status"])[:1] for each in told]
    expect.equal(["4", "2", "4", "2"], classes, "classes of the statuses:")
    for each in (told[0], told[2]):
        expect.that(each["response"].get("outcome"), "an OperationOutcome beside the refusal", "none")
    expect.status(run.wire.get(_place(told[1])), 200)


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
    return [_place(each) for each in answered]


def _place(answer: Resource) -> str:
    located = str(answer["response"]["location"]).partition("/_history/")[0]
    return "/".join(located.split("/")[-2:])


def _statuses(seen: Seen) -> list[str]:
    answered = expect.bundle(seen, "transaction-response")
    return [str(each["response"]["status"])[:3] for each in answered]


def _nothing_of(run: Run, entry: Resource) -> None:
    found = run.wire.get(f"Patient?{condition(entry['resource'])}")
    expect.equal([], expect.ids(found), "ids of the other entry found:")
