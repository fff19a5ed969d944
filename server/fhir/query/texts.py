"""Values of string and uri parameters and their modifiers (R4 search.html#string, #uri)."""

from __future__ import annotations

import unicodedata

from server.fhir.query.escapes import plain
from server.fhir.query.named import Named
from server.fhir.rows.phonetics import keys
from server.query import AllOf, AnyOf, Match, Test, Text, Uri


def starts(asked: Named, values: list[str]) -> Test:
    """From its beginning, whatever case and accents."""
    return Text(asked.param, tuple(_words(asked, each) for each in values))


def contains(asked: Named, values: list[str]) -> Test:
    return Text(asked.param, tuple(_words(asked, each) for each in values), Match.CONTAINS)


def exact(asked: Named, values: list[str]) -> Test:
    return Text(asked.param, tuple(plain(each) for each in values), Match.EXACT)


def beside(asked: Named, values: list[str]) -> Test:
    """``:text``: the words beside a code, searched as a string is."""
    return starts(asked.under("text"), values)


def sounding(asked: Named, values: list[str]) -> Test:
    """Each word must sound like one of the name."""
    return AnyOf(tuple(_sounding(asked, plain(each)) for each in values))


def _sounding(asked: Named, text: str) -> Test:
    found = keys(text)
    if not found:
        raise asked.refused("a word is accepted")
    return AllOf(tuple(Text(asked.param, (key,), Match.EXACT) for key in found))


def uri(asked: Named, values: list[str]) -> Test:
    return Uri(asked.param, tuple(plain(each) for each in values))


def below(asked: Named, values: list[str]) -> Test:
    return Uri(asked.param, tuple(plain(each) for each in values), Match.BELOW)


def above(asked: Named, values: list[str]) -> Test:
    return Uri(asked.param, tuple(plain(each) for each in values), Match.ABOVE)


def _words(asked: Named, text: str) -> str:
    """Without case and accents something must be left, or everything would begin with it."""
    words = plain(text)
    signs = unicodedata.normalize("NFKD", words)
    if not any(not (unicodedata.combining(sign) or sign.isspace()) for sign in signs):
        raise asked.refused("a word, or the beginning of one, is accepted")
    return words
