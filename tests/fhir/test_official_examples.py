"""Real resources pass: one of our own for each type, and the official examples of R4 where they are."""

from __future__ import annotations

import re

import pytest

from server.errors import Fault
from server.fhir.bindings import SERVED, SHAPES
from server.fhir.validate import check
from tests.fhir.samples import NO_OFFICIAL, OFFICIAL, OWN, occurrences, official, own, read

_ADDRESSES = r"Bundle\.entry\[\d+\]\.fullUrl"
WRONG_IN_R4 = {
    "Bundle-10bb101f-a121-4264-a920-67be9cb82c74": ("one id is not that of its fullUrl", _ADDRESSES),
    "Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe": ("one id is not that of its fullUrl", _ADDRESSES),
    "Bundle-lri-example": ("the ids are not those of the fullUrls", _ADDRESSES),
    "Observation-clinical-gender": (
        "an Encounter is no performer",
        r"Observation\.performer\[0\]\.reference",
    ),
}
"""Official examples that break R4 themselves: why, and where we say so."""
A_TYPE = "holds resources of types that are not taken here"
A_BUNDLE = "holds Bundles, as the answer to a batch of searches"
AN_ADDRESS = "asks for what is not below our base"
A_MODIFIER = "holds a modifier extension, and whoever does not know one must not go on"
NOT_HERE = {
    "Basic-referral": {A_MODIFIER},
    "Bundle-10bb101f-a121-4264-a920-67be9cb82c74": {A_TYPE},
    "Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe": {A_TYPE},
    "Bundle-bundle-example": {A_TYPE},
    "Bundle-bundle-request-medsallergies": {AN_ADDRESS},
    "Bundle-bundle-request-simplesummary": {AN_ADDRESS},
    "Bundle-bundle-response": {A_BUNDLE},
    "Bundle-bundle-response-medsallergies": {A_BUNDLE},
    "Bundle-bundle-response-simplesummary": {A_BUNDLE},
    "Bundle-conceptmaps": {A_TYPE},
    "Bundle-dg2": {A_TYPE},
    "Bundle-externals": {A_TYPE},
    "Bundle-father": {A_TYPE},
    "Bundle-registry": {A_TYPE},
    "Bundle-ussg-fht": {A_TYPE, AN_ADDRESS},
}
"""Official examples that are good R4 and not for this door: why."""


def found(path):
    """(reason, place) of each objection."""
    try:
        check(read(path), path.stem.partition("-")[0])
    except Fault as fault:
        return {(_reason(issue), issue.path) for issue in fault.issues}
    return set()


def _reason(issue):
    if issue.path.endswith("request.url"):
        return AN_ADDRESS
    if issue.code == "extension":
        return A_MODIFIER
    if issue.code == "not-supported":
        return A_TYPE if issue.path.endswith("resourceType") else A_BUNDLE
    return issue.text


@pytest.mark.parametrize("kind", SERVED)
def test_our_own_examples(kind):
    check(read(OWN / f"{kind}.json"), kind)


def test_our_own_examples_reach_far():
    """A rule that no example meets is a rule that nothing here tests."""
    met = set()
    for path in own():
        resource = read(path)
        met |= {kind for kind, _, _ in occurrences(resource, path.stem, resource)}
    backbones = {name for name in SHAPES if name.partition(".")[0] in SERVED}
    of_other_bundles = {"Bundle.entry.response", "Bundle.entry.search"}
    assert backbones - met == of_other_bundles


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=NO_OFFICIAL)
@pytest.mark.parametrize("kind", [kind for kind in SERVED if kind != "Parameters"])
def test_official_examples(kind):
    paths = official(kind)
    assert paths
    for path in paths:
        reasons = found(path)
        why, place = WRONG_IN_R4.get(path.stem, ("", ""))
        wrong = {each for each in reasons if re.fullmatch(place, each[1])}
        assert bool(wrong) == bool(why), path.stem
        assert {reason for reason, _ in reasons - wrong} == NOT_HERE.get(path.stem, set()), path.stem


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=NO_OFFICIAL)
def test_the_tables_name_real_examples():
    assert WRONG_IN_R4.keys() | NOT_HERE.keys() <= {path.stem for path in official()}
    assert len(official()) == 303
