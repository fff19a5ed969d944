"""The second reading, and both beside each other: where ours passes, fhir.resources finds nothing either."""

from __future__ import annotations

import copy
import json
import random
import re
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
NOT_IN_THE_MODELS = re.compile(
    r"Extension\.value\w+ (extended|with an id).*"
    r"|Extension\.valueMeta 0"
    r"|Task\.(input|output)\.value\w+ extended alone"
)
"""R4 allows and fhir.resources does not: ``_valueString`` in an Extension, extensions of a Meta, and a
required choice that is there by its extension alone."""


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
    assert [name for name in objected if not NOT_IN_THE_MODELS.fullmatch(name)] == []
    assert objected  # the models do see what is put before them


@pytest.mark.parametrize(
    "name",
    [
        "Task.id extended", "Task.id with an id", "Meta.id extended", "Extension.url extended",
        "Task.status with an id alone", "HumanName.given with an id alone",
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


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the official R4 examples are not at ../shared/data")
@pytest.mark.parametrize("kind", SERVED)
def test_both_agree_about_the_official_examples(kind):
    resources = [parse(path.read_bytes(), limit=BUNDLE_BYTES) for path in (EXAMPLES / kind).glob("*.json")]
    assert resources
    assert [objections(each) for each in resources if passes(each) and objections(each)] == []
