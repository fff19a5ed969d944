from __future__ import annotations

from dataclasses import replace

import pytest

from server.routing.change import Approval, Change, Standing, Trial, standing

from .nouns import NOW, a_policy, hours

FILE, OTHER, SET = "a" * 64, "b" * 64, "c" * 64
IN_FORCE = a_policy()
TRIAL = Trial(NOW, FILE, SET)
ADA, BO = Approval("Ada", NOW + hours(1), FILE), Approval("Bo", NOW + hours(2), FILE)
CHANGE = Change(
    IN_FORCE.identity, a_policy(version="1.1.0"), FILE, NOW + hours(24), approvals=(ADA, BO), trials=(TRIAL,)
)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, Standing.IN_FORCE),
        ({"trials": ()}, Standing.NOT_REPLAYED),
        ({"trials": (Trial(NOW, OTHER, SET),)}, Standing.NOT_REPLAYED),
        ({"approvals": ()}, Standing.NOT_APPROVED),
        ({"approvals": (ADA,)}, Standing.NOT_APPROVED),
        # One person under two spellings is one person.
        ({"approvals": (ADA, replace(BO, by="  ADA "))}, Standing.NOT_APPROVED),
        ({"approvals": (ADA, replace(BO, by=" "))}, Standing.NOT_APPROVED),
        # Whoever approved another file has not approved this one.
        ({"approvals": (ADA, replace(BO, digest=OTHER))}, Standing.NOT_APPROVED),
        ({"digest": OTHER}, Standing.NOT_REPLAYED),
        ({"digest": OTHER, "trials": (Trial(NOW, OTHER, SET),)}, Standing.NOT_APPROVED),
        # Nor has whoever approved before the replay seen what it told.
        ({"trials": (replace(TRIAL, at=NOW + hours(1.5)),)}, Standing.NOT_APPROVED),
        ({"was": "bacterial-meningitis@0.9.0"}, Standing.OUTDATED),
        ({"policy": a_policy()}, Standing.OUTDATED),
        ({"policy": a_policy(version="0.10.0")}, Standing.OUTDATED),
        ({"policy": a_policy(version="1.10.0")}, Standing.IN_FORCE),
        ({"policy": a_policy(version="1.1.0", question="other")}, Standing.OUTDATED),
    ],
)
def test_where_a_change_stands(changes, found):
    assert standing(replace(CHANGE, **changes), IN_FORCE, NOW + hours(48)) is found


@pytest.mark.parametrize(
    ("effective", "now", "found"),
    [
        (24, 23, Standing.WAITING),
        (24, 24, Standing.IN_FORCE),
        # A date in the past: from when the second has approved, and not before.
        (-24, 1.5, Standing.WAITING),
        (-24, 2, Standing.IN_FORCE),
    ],
)
def test_a_change_takes_effect_on_its_date_and_never_before_both_approved(effective, now, found):
    change = replace(CHANGE, effective_at=NOW + hours(effective))
    assert standing(change, IN_FORCE, NOW + hours(now)) is found
