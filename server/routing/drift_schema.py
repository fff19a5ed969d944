"""The table ``drift`` of a policy file: what later results are held against, and what an alarm comes to."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from marshmallow import fields, post_load, validate

from server.model import DriftAct, DriftRule
from server.routing.schema import Strict, allowed, share
from server.toml import Number

FEWEST_OF_A_BASELINE: Final = 200
"""Of fewer a share of some percent is not known well enough to hold anything against it."""
_MOST: Final = 100_000
_ACT: Final = (
    "must be tell (an alarm is told) or stop (two humans read everything of the device, or question)"
)
_BASELINE: Final = f"must be a number of results from {FEWEST_OF_A_BASELINE} to {_MOST}"
_SHARE: Final = "must be a number above 0 and below 1: the share of answers that should be present"
_RATIO: Final = "must be a number above 1, at most 20: the odds ratio that is to be found"
_SHIFT: Final = "must be a number from 0.1 to 3: standard deviations of the score that are to be found"
_LIMIT: Final = "must be a number from 3 to 1000: lower ones let chance alone alarm every week"


def _number(low: float, high: float, sentence: str, *, inclusive: bool = True) -> Number:
    within = validate.Range(low, high, min_inclusive=inclusive, error=sentence)
    return Number(validate=within, error_messages=allowed(sentence))


class DriftSchema(Strict):
    """The table ``drift``."""

    SENTENCE: ClassVar = "must be a table: act, and baseline, share, ratio, limit, shift, score_limit"

    act = fields.Enum(DriftAct, by_value=True, required=True, error_messages=allowed(_ACT))
    baseline = fields.Integer(
        strict=True,
        validate=validate.Range(FEWEST_OF_A_BASELINE, _MOST, error=_BASELINE),
        error_messages=allowed(_BASELINE),
    )
    share = share(_SHARE, required=False, ends=(False, False))
    ratio = _number(1, 20, _RATIO, inclusive=False)
    limit = _number(3, 1000, _LIMIT)
    shift = _number(0.1, 3, _SHIFT)
    score_limit = _number(3, 1000, _LIMIT)

    @post_load
    def _rule(self, data: dict[str, Any], **_: Any) -> DriftRule:
        return DriftRule(**data)
