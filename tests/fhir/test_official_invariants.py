"""Every error constraint of R4 is enforced, and our rules say what its FHIRPath says."""

from __future__ import annotations

from itertools import cycle

import pytest

from server.errors import Fault
from server.fhir.invariants import RULES, broken
from server.fhir.validate import check
from tests.fhir.fhirpath import NOT_RUN, officials
from tests.fhir.samples import occurrences, official, own, read
from tests.fhir.spoil import Spoiler, seen

OFFICIALS = officials()
IN_THE_WALK = {"dom-2", "dom-3", "dom-4", "dom-5", "ele-1", "ref-1"}
IN_NARRATIVES = {"txt-1", "txt-2"}
AT_LEAST, AT_MOST = 100, 5000
ASKED = [each for each in OFFICIALS if each.constraint.key not in IN_THE_WALK | NOT_RUN.keys()]


def ours(each):
    return each.constraint.key in {rule.key for rule in RULES.get(each.owner, ())}


def test_no_constraint_is_forgotten():
    missing = {each.name for each in OFFICIALS if not ours(each)}
    elsewhere = {each.name for each in OFFICIALS if each.constraint.key in IN_THE_WALK | IN_NARRATIVES}
    assert missing == elsewhere
    assert len(OFFICIALS) > 70


def test_our_keys_are_official():
    known = {each.name for each in OFFICIALS}
    added = {f"{kind}: {rule.key}" for kind, rules in RULES.items() for rule in rules} - known
    assert {name.rpartition(" ")[2] for name in added} == {
        "attachment-size", "attachment-stated-size", "currencies", "full-url", "link-once", "mimetypes",
        "request-url",
    }  # fmt: skip


@pytest.fixture(scope="module")
def met():
    """Type -> every object of it in all examples, with the resource that it is of and the root."""
    found = {}
    for path in [*own(), *official()]:
        root = read(path)
        for kind, value, resource in occurrences(root, root["resourceType"], root):
            found.setdefault(kind, []).append((value, resource, root))
    return found


@pytest.fixture(scope="module")
def far():
    return seen(map(read, own()))


def says(each, value):
    return not any(rule.key == each.constraint.key for rule, _ in broken(each.owner, value))


@pytest.mark.parametrize("each", ASKED, ids=lambda each: each.name)
def test_we_agree_about_examples(each, met):
    for value, resource, root in met[each.owner]:
        verdict = each.verdict(value, resource, root)
        assert verdict in (None, says(each, value)), value


@pytest.mark.parametrize("each", ASKED, ids=lambda each: each.name)
def test_we_agree_about_spoilt_examples(each, met, far):
    """Until the rule was both kept and broken, and for a while."""
    verdicts = set()
    spoiler = Spoiler(far, each.name)
    for count, (value, resource, root) in enumerate(cycle(met[each.owner][:20])):
        if count == AT_MOST or (count >= AT_LEAST and verdicts >= {True, False}):
            break
        spoilt = spoiler.spoilt(value, each.owner, each.expression)
        whole = spoilt if resource is value else resource
        verdict = each.verdict(spoilt, whole, whole if root is resource else root)
        assert verdict in (None, says(each, spoilt)), spoilt
        verdicts.add(verdict)
    assert verdicts >= {True, False}


@pytest.mark.parametrize("each", [each for each in OFFICIALS if each.constraint.key in NOT_RUN],
                         ids=lambda each: each.name)  # fmt: skip
def test_what_fhirpathpy_cannot_run(each, met):
    """When it can, the rule is to be compared as the others are."""
    with pytest.raises(Exception, match=r"Not implemented|not supported between"):  # noqa: PT012
        for value, resource, root in met[each.owner]:
            each.verdict(value, resource, root)


def objections(resource):
    try:
        check(resource, resource["resourceType"])
    except Fault as fault:
        return [issue.text for issue in fault.issues]
    return []


def contained_variants():
    """Resources that hold others, as they are and with one thing wrong."""
    for path in [*own(), *official()]:
        whole = read(path)
        if "contained" in whole:
            yield whole
            for wrong in (
                {"id": "z"},
                {"meta": {"versionId": "1"}},
                {"meta": {"lastUpdated": "2026-01-01T00:00:00Z"}},
                {"meta": {"security": [{"code": "x"}]}},
                {"contained": [{"resourceType": "Patient", "id": "q"}]},
            ):
                first, *others = whole["contained"]
                yield whole | {"contained": [first | wrong, *others]}


@pytest.mark.parametrize("key", ["dom-2", "dom-4", "dom-5"])
def test_the_walk_agrees_about_contained_resources(key):
    (each,) = (each for each in OFFICIALS if each.constraint.key == key)
    verdicts = set()
    for whole in contained_variants():
        verdict = each.verdict(whole, whole, whole)
        assert verdict == all(f"({key})" not in text for text in objections(whole))
        verdicts.add(verdict)
    assert verdicts == {True, False}


def test_the_walk_agrees_about_local_references():
    (each,) = (each for each in OFFICIALS if each.constraint.key == "ref-1")
    verdicts = set()
    for whole in contained_variants():
        met = occurrences(whole, whole["resourceType"], whole)
        references = [value for kind, value, _ in met if kind == "Reference"]
        verdict = all(each.verdict(value, whole, whole) is not False for value in references)
        assert verdict == all("(ref-1)" not in text for text in objections(whole))
        verdicts.add(verdict)
    assert verdicts == {True, False}
