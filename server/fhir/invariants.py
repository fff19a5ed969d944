"""The R4 invariants of the types this door takes, by type; each under its official key.

A rule is asked only about a value whose JSON structure is right. The rules about contained
resources (dom-2 to dom-5, ref-1) need the whole resource and are in ``walk``, beside ele-1;
those about narratives (txt-1, txt-2) are in ``narrative``. ``tests/fhir/test_invariants.py`` holds
that no rule of the definitions is forgotten, and compares each with its official FHIRPath.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.fhir.bundle_invariants import BUNDLE_RULES
from server.fhir.datatype_invariants import DATATYPE_RULES
from server.fhir.invariant import Rule, Value
from server.fhir.resource_invariants import RESOURCE_RULES

RULES: Mapping[str, tuple[Rule, ...]] = {**DATATYPE_RULES, **RESOURCE_RULES, **BUNDLE_RULES}


def broken(type_name: str, value: Value) -> Iterator[tuple[Rule, str]]:
    """The rules of ``type_name`` that ``value`` breaks, each with the path below the value."""
    for rule in RULES.get(type_name, ()):
        for place in rule.breaks(value):
            yield rule, place
