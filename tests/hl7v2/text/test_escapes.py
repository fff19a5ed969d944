"""Escape sequences, after the text was parted."""

from __future__ import annotations

import pytest

from server.hl7v2.text.delimiters import Delimiters
from server.hl7v2.text.escapes import Escapes, escape

OURS = Delimiters()


def decoded(text: str, codec: str = "utf_8") -> tuple[str, bool]:
    found = Escapes(OURS, codec)
    return found.decode(text), found.broken


@pytest.mark.parametrize(("text", "value"), [
    (r"a\F\b\S\c\T\d\R\e\E\f\P\g", "a|b^c&d~e\\f#g"),
    (r"\H\bold\N\ not", "bold not"),
    (r"\X0D\\X0A\\XC3A9\ ", "\r\n\u00e9 "),
    (r"one\.br\two\.sp2\three\.sk 3\four", "one\ntwo\n\nthree   four"),
    (r"\.in+4\\.ti-2\\.fi\\.nf\a\.ce\b", "a\nb"),
    (r"a\.sp\b", "a\nb"),
])  # fmt: skip
def test_known(text: str, value: str) -> None:
    assert decoded(text) == (value, False)


def test_what_an_escape_made_is_not_read_again() -> None:
    assert decoded(r"\E\F\E\ ")[0] == r"\F\ "


@pytest.mark.parametrize("text", [r"a\X0", r"a\X0\b", r"\Zlocal\x", "C:\\Temp", "\\", r"\f\x", r"\XFF\x"])
def test_unknown_and_unfinished_stand_as_they_came(text: str) -> None:
    assert decoded(text) == (text, True)


def test_hexadecimal_is_in_the_set_of_the_message() -> None:
    assert decoded(r"\XE9\ ", "iso8859_1") == ("\u00e9 ", False)


def test_characters_that_no_text_has_are_left_out() -> None:
    found = Escapes(OURS, "utf_8")
    assert found.decode(r"a\X00\b\X1B\c") == "abc"
    assert found.control


@pytest.mark.parametrize(("text", "codec", "value"), [
    ("M\\C2D41\\\u00fcller", "iso8859_1", "M\u00fcller"),
    ("\\C2D46\\\u00e1", "iso8859_1", "\u03b1"),
    (r"\M2442\;3B<\C2842\!", "ascii", "\u5c71\u6751!"),
    (r"\M242844\0!\C2842\!", "ascii", "\u4e02!"),
])  # fmt: skip
def test_switched_to_another_set(text: str, codec: str, value: str) -> None:
    assert decoded(text, codec) == (value, False)


def test_a_switch_that_leads_nowhere_stands_as_it_came() -> None:
    assert decoded(r"\M2442\;", "ascii") == (r"\M2442\;", True)


@pytest.mark.parametrize("value", ["plain", "a|b^c&d~e\\f", "one\r\ntwo", "\u00e9\\X0D\\"])
def test_what_is_escaped_reads_the_same(value: str) -> None:
    assert decoded(escape(value, OURS))[0] == value
    assert not set(escape(value, OURS)) & set("|^&~\r\n")
