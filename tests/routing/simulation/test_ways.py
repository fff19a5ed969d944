"""A policy's own gatekeeper, and its own first readers who see the model, against sums made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from server.errors import Fault
from server.model import GateRule, Pathway, RiskBand
from server.routing.simulation.arms import Spoiled
from server.routing.simulation.expected import Gatekept, of_gate, of_rule
from server.routing.simulation.ways import Band, expected, plan_of, ways
from tests.routing.nouns import a_policy

from .test_vectors import ALIKE, APART

GATE = GateRule(0.02, timedelta(days=90), 0.6, 0.1, 0.005)
GATED = a_policy(pathway=Pathway.GATEKEEPER, gate=GATE, audit_fraction=0.0)
SHOWN = a_policy(pathway=Pathway.CONCURRENT, audit_fraction=0.0)
HALF = Gatekept(0.5, 0.1)
ILL = 0.016
SE, SP = 0.6269, 0.9293


def below(readers, ill):
    """Nothing is shared between readers who err independently: any point of difficulty will do."""
    return 1 - readers.kept(0.5, ill)[0]


def test_what_a_gatekeeper_leaves_is_read_by_the_policy_s_rule():
    found, without = of_rule(APART, "P1", gate=HALF), of_rule(APART, "P1")
    out_ill, out_well = 0.9 * below(APART, True), 0.9 * below(APART, False)
    # Below, the model says absent: found is what the first reader sees and the specialist confirms.
    assert found.sensitivity == pytest.approx(without.sensitivity - out_ill * SE * SE)
    assert found.specificity == pytest.approx(without.specificity + out_well * (1 - SP) ** 2)
    asked = ILL * out_ill * SE + (1 - ILL) * out_well * (1 - SP)
    assert found.asked == pytest.approx(without.asked - asked)
    assert (found.unread, found.first) == (pytest.approx(0.45), pytest.approx(0.55))


def test_audits_are_drawn_of_what_humans_have_read():
    found = of_rule(ALIKE, "P1", 0.2, HALF)
    plain = of_rule(ALIKE, "P1", 0.0, HALF)
    assert found.audited == pytest.approx(0.2 * (1 - plain.asked - 0.45))


def test_a_gatekeeper_whose_lot_draws_all_changes_nothing():
    assert of_rule(ALIKE, "P1", 0.05, Gatekept(0.5, 1.0)) == of_rule(ALIKE, "P1", 0.05)


def test_the_sure_ones_are_ruled_out_first():
    sure = replace(APART, surely_absent=0.5)
    found, without = of_rule(sure, "P4", gate=HALF), of_rule(sure, "P4")
    # Those are what it is sure of: nobody would have been asked but where the first reader contradicts.
    out = 0.9 * (ILL * below(sure, True) * SE + (1 - ILL) * below(sure, False) * (1 - SP))
    assert found.asked == pytest.approx(without.asked - out)
    fewer = of_rule(replace(APART, surely_absent=0.2), "P4", gate=HALF)
    assert fewer.asked > found.asked


def test_of_a_model_that_declines_the_share_is_of_all_cases():
    assert of_rule(replace(ALIKE, declined=0.2), "P1", gate=HALF).unread == pytest.approx(0.45)


@pytest.mark.parametrize("share", [0.0, 0.95, 1.0])
def test_what_the_model_would_call_present_is_not_ruled_out(share):
    with pytest.raises(Fault, match="below that of cases in which the model says absent"):
        of_rule(APART, "P1", gate=Gatekept(share, 0.1))


def test_the_policy_s_row_is_its_own_gatekeeper():
    rows = dict(ways(plan_of(GATED, {}, 0.5), ALIKE, 0.5))
    assert rows["this policy"] == of_rule(ALIKE, "P1", 0.0, HALF)
    assert rows["gatekeeper, 50 % ruled out"] == of_gate(ALIKE, 0.5)
    assert rows["gatekeeper, 50 % ruled out"].unread == pytest.approx(0.5)
    assert rows["P1 without audits"] == of_rule(ALIKE, "P1")


def test_a_gatekeeper_asks_how_much_it_rules_out_and_keeps_to_its_cap():
    with pytest.raises(Fault, match="needs the share of its cases that lie below its threshold: --ruled-out"):
        plan_of(GATED, {})
    plan_of(GATED, {}, 0.66)
    with pytest.raises(Fault, match=r"rules out at most 60\.0% of its cases"):
        plan_of(GATED, {}, 0.67)


def test_what_the_readers_copy_is_the_price_of_the_policy_that_shows_it():
    spoiled = replace(ALIKE, spoiled=Spoiled(copied=0.3, discounted=0.25))
    rows = dict(ways(plan_of(SHOWN, {}), spoiled))
    assert rows["this policy"] == of_rule(spoiled, "P1")
    assert rows["P1 without audits"] == of_rule(ALIKE, "P1")
    other = dict(ways(plan_of(a_policy(audit_fraction=0.0), {}), spoiled))
    assert other["P1 without audits"] == of_rule(spoiled, "P1")


@pytest.mark.parametrize(
    ("policy", "spoiled", "own"),
    [
        (a_policy(gate=GATE, audit_fraction=0.0), Spoiled(), Pathway.GATEKEEPER),
        (a_policy(audit_fraction=0.0), Spoiled(copied=0.3), Pathway.CONCURRENT),
    ],
)
def test_a_band_alone_may_have_a_pathway(policy, spoiled, own):
    policy = replace(policy, bands=(RiskBand("calm", ("routine",), pathway=own),))
    readers = replace(ALIKE, spoiled=spoiled)
    found = expected(plan_of(policy, {"calm": Band(0.25, 0.004)}, 0.5), readers)
    calm, others = replace(readers, prevalence=0.004), of_rule(ALIKE, "P1")
    band = of_rule(calm, "P1", 0.0, HALF if own is Pathway.GATEKEEPER else None)
    assert found.asked == pytest.approx(0.25 * band.asked + 0.75 * others.asked)
    assert found.unread == pytest.approx(0.25 * band.unread)
    ill = 0.25 * 0.004 + 0.75 * ILL
    caught = 0.25 * 0.004 * band.sensitivity + 0.75 * ILL * others.sensitivity
    assert found.sensitivity == pytest.approx(caught / ill)
