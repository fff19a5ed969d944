"""One parameter, or a whole search, as the tests ask it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.errors import Category, Fault, Issue
from server.fhir.query.asked import Search, asked, pairs_of
from server.fhir.query.asker import Asker
from server.fhir.query.conditions import condition
from server.query import Test

BASE = "https://second.example/fhir"
NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
ALL = Asker(BASE, NOW)


def one(type_: str, name: str, text: str, asker: Asker = ALL) -> Test:
    return condition(type_, name, text, asker)


def search(type_: str, query: str, *, strict: bool = False, asker: Asker = ALL) -> Search:
    return asked(type_, pairs_of(query), asker, strict=strict)


def refusal(act, *arguments, **more) -> Issue:
    """The one reason for which ``act`` refuses."""
    with pytest.raises(Fault) as caught:
        act(*arguments, **more)
    assert caught.value.category is Category.INCORRECT
    [issue] = caught.value.issues
    return issue


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)
