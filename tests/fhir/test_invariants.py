from __future__ import annotations

import pytest

from server.fhir.invariants import RULES, broken
from tests.fhir.invariant_rows import ROWS


@pytest.mark.parametrize(("key", "kind", "kept", "spoilt", "place"), ROWS)
def test_rule(key, kind, kept, spoilt, place):
    assert list(broken(kind, kept)) == []
    assert [at for rule, at in broken(kind, spoilt) if rule.key == key] == [place]


def test_every_rule_is_in_the_table():
    rules = {(rule.key, kind) for kind, rules in RULES.items() for rule in rules}
    assert {(key, kind) for key, kind, *_ in ROWS} == rules


def test_types_without_rules():
    assert list(broken("Coding", {"code": "a"})) == []
