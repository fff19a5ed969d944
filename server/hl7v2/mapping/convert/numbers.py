"""NM, SN, NR (HL7 v2.8 2A.3.45, 2A.3.70, 2A.3.47) as Decimals with the digits that were sent."""

from __future__ import annotations

import re
from decimal import Decimal

from server.hl7v2.mapping.convert.text import clean
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.message import Repetition

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_BOUNDED = re.compile(r"(<=|>=|<|>)?\s*(.+)", re.DOTALL)
_LONGEST = 64
COMPARATORS = ("<", "<=", ">=", ">")
"""R4 quantity-comparator; ``=`` says nothing."""


def decimal(text: str) -> Decimal | None:
    """None for all that is no NM: ``7,1``, ``1 000``, ``abc`` are never guessed at."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text.strip()):
        return None
    found = Decimal(text.strip())
    return found or abs(found)


def quantity(value: Repetition, making: Making, where: str) -> Json | None:
    """NM; ``<5`` in it, which many laboratories send, is a bound and stays one."""
    found = _BOUNDED.fullmatch(clean(value.text()))
    if found is None:
        return None
    number = decimal(found[2])
    if number is None:
        making.note("no number, left out", where)
        return None
    if found[1]:
        making.note("bound in a number read as comparator", where)
        return {"comparator": found[1], "value": number}
    return {"value": number}


def structured(value: Repetition, making: Making, where: str) -> tuple[str, Json | str] | None:
    """SN: which value[x] it becomes, and that."""
    sign, separator = clean(value.text(1)), clean(value.text(3))
    first, second = decimal(value.text(2)), decimal(value.text(4))
    plain = sign in ("", "=", *COMPARATORS)
    if plain and first is not None and not separator and second is None:
        compared = {"comparator": sign} if sign in COMPARATORS else {}
        return "valueQuantity", {**compared, "value": first}
    if sign in ("", "=") and separator == "-" and first is not None and second is not None:
        if first > second:  # R4 Range, rng-2
            return _said(value, making, where)
        return "valueRange", {"low": {"value": first}, "high": {"value": second}}
    if plain and separator in (":", "/") and first is not None and second is not None:
        compared = {"comparator": sign} if sign in COMPARATORS else {}
        return "valueRatio", {"numerator": {**compared, "value": first}, "denominator": {"value": second}}
    return _said(value, making, where)


def _said(value: Repetition, making: Making, where: str) -> tuple[str, str] | None:
    """As text, in the order of the components."""
    said = " ".join(part for part in (clean(value.text(at)) for at in range(1, 5)) if part)
    if said:
        making.note("structured number kept as text", where)
    return ("valueString", said) if said else None


def span(value: Repetition, making: Making, where: str) -> Json | None:
    """NR as a Range."""
    low, high = decimal(value.text(1)), decimal(value.text(2))
    if low is not None and high is not None and low > high:
        making.note("low end above the high one, left out", where)
        return None
    found: Json = {key: {"value": each} for key, each in (("low", low), ("high", high)) if each is not None}
    if not found:
        making.note("no number, left out", where)
    return found or None


def positive(value: Repetition, making: Making, where: str) -> int | None:
    """A positiveInt (R4 datatypes.html#positiveInt, 31 bits)."""
    number = decimal(value.text())
    if number is None or number != int(number) or not 0 < number < 2**31:
        making.note("no positive whole number, left out", where)
        return None
    return int(number)
