"""The table ``gate`` of a policy file: what a gatekeeper has to keep to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from marshmallow import fields, post_load, validate

from server.model import GateRule, Pathway, RiskBand
from server.routing.schema import Strict, allowed, duration
from server.toml import Number

_INSIDE: Final = "must be a number above 0 and below 1"
_REREAD: Final = "must be a number above 0, at most 1: without human reads nobody would learn what is missed"
GATE: Final = "must be given with the pathway gatekeeper, of the policy or of a band, and with no other"
SHOWN: Final = (
    "must be above 0 with the pathway concurrent: where readers see the model's answer, agreement says "
    "little, and only an audit by a blind specialist shows how often both are wrong"
)


def _share(sentence: str, high: float, *, closed: bool) -> fields.Field[Any]:
    return Number(
        required=True,
        validate=validate.Range(0, high, min_inclusive=False, max_inclusive=closed, error=sentence),
        error_messages=allowed(sentence),
    )


class GateSchema(Strict):
    """The table ``gate``."""

    SENTENCE: ClassVar = "must be a table: rule_out_below, window, at_most, reread, omitted_at_most"

    rule_out_below = _share(_INSIDE, 1, closed=False)
    window = duration()
    at_most = _share(_INSIDE, 1, closed=False)
    reread = _share(_REREAD, 1, closed=True)
    omitted_at_most = _share(_INSIDE, 1, closed=False)

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
