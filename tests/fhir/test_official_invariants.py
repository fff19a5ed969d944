"""Every error constraint of R4 is enforced, and our rules say what its FHIRPath says."""

from __future__ import annotations

from itertools import cycle

import pytest

from server.fhir.invariants import RULES, broken
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
        "attachment-size", "currencies", "mimetypes", "request-url",
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
