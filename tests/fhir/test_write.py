from __future__ import annotations

import json
from decimal import Decimal

import pytest

from server.fhir.write import dump


@pytest.mark.parametrize(
    "text", ["1.10", "2.00", "0", "1E+2", "0E-8", "-0", "1E-7", "-12.50", "0.000001", "1" * 40]
)
def test_decimals_as_they_came(text):
    assert dump({"value": Decimal(text)}) == b'{"value":%s}' % text.encode()
    assert json.loads(dump({"value": Decimal(text)}), parse_float=Decimal, parse_int=Decimal)[
        "value"
    ] == Decimal(text)


@pytest.mark.parametrize("text", ["1.10", "é", "\u2028", '"', "\\", "\n", "\U0001f600", "</script>"])
def test_strings_untouched(text):
    assert json.loads(dump({"value": text})) == {"value": text}


def test_compact_in_the_order_given():
    assert dump({"b": [1, True, None], "a": {"x": "é"}}) == '{"b":[1,true,null],"a":{"x":"é"}}'.encode()
