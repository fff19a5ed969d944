"""Values of number and quantity parameters (R4 search.html#number, #quantity)."""

from __future__ import annotations

import re
from decimal import Decimal

from server.fhir.query.escapes import plain, split
from server.fhir.query.named import Named
from server.fhir.query.prefixes import prefixed
from server.query import Amount, Number, Prefix

_NUMBER = re.compile(r"[+-]?[0-9]{1,50}(?:\.[0-9]{1,50})?(?:[eE][+-]?[0-9]{1,3})?")
_EXPONENT = 300
_A_NUMBER = "a number is accepted, after one of eq, ne, gt, lt, ge, le, sa, eb, ap or nothing"
_A_QUANTITY = f"{_A_NUMBER}; number|system|code or number||unit for one with a unit"


def number(asked: Named, values: list[str]) -> Number:
    return Number(asked.param, tuple(_amount(asked, plain(each), _A_NUMBER) for each in values))


def quantity(asked: Named, values: list[str]) -> Number:
    return Number(asked.param, tuple(_quantity(asked, each) for each in values))


def _quantity(asked: Named, text: str) -> Amount:
    parts = [plain(each) for each in split(text, "|")]
    if len(parts) not in (1, 3):
        raise asked.refused(_A_QUANTITY)
    system, code = parts[1:] or ("", "")
    if system and not code:
        raise asked.refused(_A_QUANTITY)
    return _amount(asked, parts[0], _A_QUANTITY, system or None, code or None)


def _amount(
    asked: Named, text: str, accepted: str, system: str | None = None, code: str | None = None
) -> Amount:
    prefix, rest = prefixed(text)
    if _NUMBER.fullmatch(rest) is None:
        raise asked.refused(accepted)
    value = Decimal(rest)
    if abs(value.adjusted()) > _EXPONENT:
        raise asked.refused(accepted)
    margin = _precision(value)
    if prefix is Prefix.AP:
        margin = max(margin, abs(value) / 10)
    return Amount(prefix, value, value - margin, value + margin, system, code)


def _precision(value: Decimal) -> Decimal:
    """Half of the last digit that is told: 100 is 99.5 to 100.5, 100.00 is 99.995 to 100.005.

    One digit with an exponent is read as two: 1e2 is 95 to 105, which is R4's own figure.
    """
    _, digits, exponent = value.as_tuple()
    last = int(exponent) - (1 if len(digits) == 1 and int(exponent) > 0 else 0)
    return Decimal(5).scaleb(last - 1)
