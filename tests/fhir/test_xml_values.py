from __future__ import annotations

from decimal import Decimal

import pytest

from server.fhir.xml_values import value_of


@pytest.mark.parametrize(
    ("text", "type_name", "value"),
    [
        ("true", "boolean", True),
        (" false\n", "boolean", False),
        ("7", "integer", 7),
        ("+7", "integer", 7),
        ("-7", "integer", -7),
        (" 7 ", "positiveInt", 7),
        ("+7", "positiveInt", 7),
        ("0", "unsignedInt", 0),
        ("1.10", "decimal", Decimal("1.10")),
        ("1e-7", "decimal", Decimal("1E-7")),
        ("0.1e2", "decimal", Decimal("1E+1")),
        ("-0", "decimal", Decimal("-0")),
        ("12", "decimal", 12),
        (" a ", "string", " a "),
        ("\ta", "markdown", "\ta"),
        (" ", "string", " "),
        (" a ", "code", "a"),
        (" 2020-01-01 ", "date", "2020-01-01"),
        (" http://e.example ", "uri", "http://e.example"),
        ("AA\nAA\n", "base64Binary", "AA\nAA"),
    ],
)
def test_values(text, type_name, value):
    found = value_of(text, type_name, "x")
    assert (type(found), str(found)) == (type(value), str(value))
