"""The second reading, and both beside each other: where ours passes, fhir.resources finds nothing either."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path

import pytest

from server.errors import Fault
from server.fhir.bindings import SERVED, SHAPES
from server.fhir.findings import Findings
from server.fhir.models import second_reading
from server.fhir.parse import BUNDLE_BYTES, parse
from server.fhir.walk import Walk
from tests.badinput.fuzz import mutated, own
from tests.fhir.specimens import specimens

EXAMPLES = Path(__file__).resolve().parents[3] / "shared/data/fhir-r4-examples"
MEDICATION = {"resourceType": "Medication", "id": "a", "status": "active"}


def unknown_to_the_models(name: str) -> bool:
    """R4 allows and fhir.resources does not: a Meta as a value, ``_valueString`` in an Extension, and a
    required choice or list that is there by its extension alone.
    """
    place, _, what = name.partition(" ")
    kind, _, element = place.rpartition(".")
    shape = SHAPES.get(kind)
    if shape is None:
        return False
    asked = next((names for names in shape.required.values() if element in names), ())
    alone = what == "extended alone" and (len(asked) > 1 or (asked and shape.elements[element].many))
    within = kind == "Extension" and what.startswith(("extended", "with an id"))
    return bool(alone or within or (shape.elements[element].type == "Meta" and element != "meta"))


def objections(resource):
    findings = Findings()
    second_reading(findings, _as_the_models_read(resource), resource["resourceType"])
    return [issue.path for _, issue in findings._found]


def passes(resource):
    findings = Findings()
    Walk(findings, resource).resource(resource["resourceType"])
    return not findings


def _as_the_models_read(resource):
    """Without what has a reading of its own: contained resources that our tables do not know, entries."""
    read = dict(resource)
    if "contained" in read:
        read["contained"] = [each for each in read["contained"] if each["resourceType"] in SHAPES]
    if read["resourceType"] == "Bundle" and "entry" in read:
        read["entry"] = [_envelope(each) for each in read["entry"]]
    return read


def _envelope(entry):
    bare = {name: entry[name] for name in entry if name != "resource"}
    if "response" in bare:
        bare["response"] = {name: value for name, value in bare["response"].items() if name != "outcome"}
    return bare


def test_it_knows_types_that_come_only_contained():
    assert objections(MEDICATION) == []
    assert objections(MEDICATION | {"foo": 1}) == ["Medication.foo"]
    assert objections(MEDICATION | {"ingredient": [{"isActive": True}]}) != []


def test_types_that_r4b_dropped_are_left_to_the_first_reading():
    assert objections({"resourceType": "MedicinalProduct", "id": "a"}) == []


def test_the_resource_is_not_changed():
    resource = MEDICATION | {"ingredient": [{"itemReference": {"reference": "Substance/1"}}]}
    before = copy.deepcopy(resource)
    assert objections(resource) == []
    assert resource == before


def test_both_agree_about_everything_that_the_tables_allow():
    """Why the models are not asked about the types that we have tables of (server/fhir/models.py)."""
    passed = [(name, resource) for name, resource in specimens() if passes(resource)]
    assert len(passed) > 2_000
    objected = [name for name, resource in passed if objections(resource)]
    assert [name for name in objected if not unknown_to_the_models(name)] == []
    assert objected  # the models do see what is put before them


@pytest.mark.parametrize(
    "name",
    [
        "Task.id extended", "Meta.id extended", "Extension.url extended",
        "AuditEvent.recorded with an id alone", "Meta.profile with an id alone",
    ],
)  # fmt: skip
def test_what_only_the_models_had_seen_is_now_refused_by_the_walk(name):
    [resource] = [resource for each, resource in specimens() if each == name]
    assert not passes(resource)


def test_both_agree_about_resources_that_were_spoilt():
    chance, passed = random.Random("two readings"), 0
    for _ in range(1_500):
        try:
            resource = parse(mutated(chance.choice(own()), chance))
        except Fault:
            continue
        if resource.get("resourceType") in SERVED and passes(resource):
            passed += 1
            unknown = json.dumps(resource, default=str).count('"_value')
            assert unknown or objections(resource) == [], resource
    assert passed > 100


@pytest.mark.parametrize("kind", [kind for kind in SERVED if (EXAMPLES / kind).is_dir()])
def test_both_agree_about_the_official_examples(kind):
    resources = [parse(path.read_bytes(), limit=BUNDLE_BYTES) for path in (EXAMPLES / kind).glob("*.json")]
    assert resources
    assert [objections(each) for each in resources if passes(each) and objections(each)] == []
