"""The switch to full double reading: what a policy becomes while two humans read every case (S2.9).

Everything but the rule stays the case's own: who is asked, by when, with how many audits. A band that asks no
model goes on asking none.
"""

from __future__ import annotations

from dataclasses import replace

from server.model import Grounds, Policy

RULE = "P0"


def doubled(policy: Policy) -> Policy:
    """The policy under the switch; one without a clock for confirmations gives them that of all others."""
    urgency = next(iter(policy.urgency.values()))  # all are alike, or it would tell why somebody is asked
    return replace(
        policy,
        rule=RULE,
        bands=tuple(replace(each, rule=None) for each in policy.bands),
        urgency={Grounds.CONFIRMATION.value: urgency, **policy.urgency},
    )
