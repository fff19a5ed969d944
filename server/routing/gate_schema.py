"""The table ``gate`` of a policy file: what a gatekeeper has to keep to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from marshmallow import post_load

from server.model import GateRule, Pathway, RiskBand
from server.routing.schema import Strict, duration, share

_INSIDE: Final = "must be a number above 0 and below 1"
_REREAD: Final = "must be a number above 0, at most 1: without human reads nobody would learn what is missed"
GATE: Final = "must be given with the pathway gatekeeper, of the policy or of a band, and with no other"
SHOWN: Final = (
    "must be above 0 with the pathway concurrent: where readers see the model's answer, agreement says "
    "little, and only an audit by a blind specialist shows how often both are wrong"
)


class GateSchema(Strict):
    """The table ``gate``."""

    SENTENCE: ClassVar = "must be a table: rule_out_below, window, at_most, reread, omitted_at_most"

    rule_out_below = share(_INSIDE, ends=(False, False))
    window = duration()
    at_most = share(_INSIDE, ends=(False, False))
    reread = share(_REREAD, ends=(False, True))
    omitted_at_most = share(_INSIDE, ends=(False, False))

    @post_load
    def _rule(self, data: dict[str, Any], **_: Any) -> GateRule:
        return GateRule(**data)


def unfit(policy: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """(key, sentence) for what a pathway of the policy lacks, or has for no purpose."""
    bands: Sequence[RiskBand] = policy["bands"]
    pathways = {policy.get("pathway"), *(each.pathway for each in bands)}
    found = []
    if (Pathway.GATEKEEPER in pathways) != ("gate" in policy):
        found.append(("gate", GATE))
    if Pathway.CONCURRENT in pathways and not policy["audit_fraction"]:
        found.append(("audit_fraction", SHOWN))
    return found
