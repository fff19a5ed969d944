"""The attributes of FHIR XML as the values that JSON has for them (R4 datatypes.html, json.html)."""

from __future__ import annotations

from typing import Any

from server.errors import Category, fault
from server.fhir.parse import BASE64_NAMES, STRING_CHARACTERS, number
from server.fhir.primitives import FORMS

WHITE = " \t\r\n"
_WHITE_IS_CONTENT = frozenset({"string", "markdown"})
"""xs:string in fhir-base.xsd. Around all others white space is to be trimmed (xml.html#whitespace); we do
not trim these, although R4 would like it, because in JSON it is part of the string."""


def value_of(text: str, type_name: str, name: str) -> Any:
    """``text`` of the primitive type; ``name`` is that of the element in JSON.

    Raises:
        Fault: without a path. Whether the value is a good one is not asked here.
    """
    if type_name not in _WHITE_IS_CONTENT:
        text = text.strip(WHITE)
    if not text:
        raise fault(Category.INCORRECT, "value", "An attribute must not be empty (xml.html).")
    kinds = FORMS[type_name].kinds
    if kinds == (str,):
        return _string(text, name)
    if kinds == (bool,):
        return _boolean(text)
    # R4 allows a sign before an integer, and JSON has none.
    return number(text if type_name == "decimal" else text.removeprefix("+"))


def _string(text: str, name: str) -> str:
    if len(text) > STRING_CHARACTERS and name not in BASE64_NAMES:
        says = f"A string must not be longer than {STRING_CHARACTERS} characters."
        raise fault(Category.UNPROCESSABLE, "too-long", says)
    return text


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise fault(Category.INCORRECT, "value", "true or false is expected.")
    return text == "true"
