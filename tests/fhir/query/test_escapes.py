from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.fhir.query.escapes import plain, split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        (",a,,", ["", "a", "", ""]),
        (r"a\,b", [r"a\,b"]),
        (r"a\\,b", ["a\\\\", "b"]),
        (r"a\|b,c", [r"a\|b", "c"]),
        ("a\\", ["a\\"]),
    ],
)
def test_parts(text, parts):
    assert split(text, ",") == parts


@pytest.mark.parametrize(
    ("text", "meant"),
    [("a", "a"), (r"a\,b\|c\$d\\e", r"a,b|c$d\e"), (r"\\,", "\\,"), (r"C:\dir", r"C:\dir"), ("a\\", "a\\")],
)
def test_meaning(text, meant):
    assert plain(text) == meant


def escaped(text):
    return "".join(f"\\{sign}" if sign in "\\,|$" else sign for sign in text)


@given(st.lists(st.text(alphabet="ab\\,|$ "), min_size=1))
def test_whatever_is_escaped_comes_back(values):
    joined = ",".join(escaped(each) for each in values)
    assert [plain(each) for each in split(joined, ",")] == values
