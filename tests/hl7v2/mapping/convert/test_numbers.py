"""Numbers: every digit kept, none invented."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from server.hl7v2.mapping.convert import numbers
from tests.hl7v2.mapping.convert.values import made


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("7", "7"),
        ("7.10", "7.10"),
        ("-0.50", "-0.50"),
        ("+7", "7"),
        (".5", "0.5"),
        ("007.0", "7.0"),
        ("-0", "0"),
    ],
)
def test_the_digits_that_were_sent_are_kept(sent: str, written: str) -> None:
    (found, notes) = made(numbers.quantity, sent)
    assert str(found["value"]) == written
    assert notes == ()


@pytest.mark.parametrize(
    "sent", ["abc", "7,1", "1.234,5", "1 000", "1e5", "NaN", "\uff17", "0x10", "--1", "1" * 65]
)
def test_what_is_no_number_is_not_guessed(sent: str) -> None:
    assert made(numbers.quantity, sent) == (None, ("no number, left out ZZZ-1",))


@pytest.mark.parametrize(("sent", "comparator"), [("<5", "<"), ("> 500", ">"), ("<=5", "<="), (">=5", ">=")])
def test_a_bound_stays_a_bound(sent: str, comparator: str) -> None:
    found, notes = made(numbers.quantity, sent)
    assert found["comparator"] == comparator
    assert notes == ("bound in a number read as comparator ZZZ-1",)


_ONE, _TWO = {"value": Decimal(1)}, {"value": Decimal(2)}


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [
        ("^1", ("valueQuantity", _ONE)),
        ("=^1", ("valueQuantity", _ONE)),
        (">=^1", ("valueQuantity", {"comparator": ">=", **_ONE})),
        ("^1^-^2", ("valueRange", {"low": _ONE, "high": _TWO})),
        ("^1^:^2", ("valueRatio", {"numerator": _ONE, "denominator": _TWO})),
        ("<^1^/^2", ("valueRatio", {"numerator": {"comparator": "<", **_ONE}, "denominator": _TWO})),
        ("^2^+", ("valueString", "2 +")),
        ("<>^1", ("valueString", "<> 1")),
        ("^1^-", ("valueString", "1 -")),
        ("<^1^-^2", ("valueString", "< 1 - 2")),
        ("", None),
    ],
)
def test_a_structured_number_is_what_its_parts_say(sent: str, becomes: Any) -> None:
    assert made(numbers.structured, sent)[0] == becomes


def test_a_range_may_have_one_end() -> None:
    assert made(numbers.span, "1") == ({"low": _ONE}, ())
    assert made(numbers.span, "a^b") == (None, ("no number, left out ZZZ-1",))


@pytest.mark.parametrize("sent", ["0", "-1", "1.5", "2147483648", "x"])
def test_a_count_is_a_positive_whole_number(sent: str) -> None:
    assert made(numbers.positive, sent) == (None, ("no positive whole number, left out ZZZ-1",))
