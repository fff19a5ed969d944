"""Which addresses a line dials: those below its base, and no others."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from server.errors import Category
from server.fhir.line import Line, Question
from server.model import Destination
from server.ports import Undelivered

EHR = Destination("ehr", "https://ehr.example/fhir", ("urn:x",), timedelta(seconds=5))


def asked(path: str) -> list[str]:
    """The addresses that were dialled for it."""
    dialled: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        dialled.append(str(request.url))
        return httpx.Response(200, stream=httpx.ByteStream(b""))

    with Line(EHR, httpx.Client(transport=httpx.MockTransport(answer))) as line:
        line.ask(Question("GET", path, {}))
    return dialled


@pytest.mark.parametrize("path", ["", "/Task/t1", "?_getpages=1", "/Task?identifier=urn:x%7C.."])
def test_below_the_base_is_dialled(path: str) -> None:
    assert asked(path) == [f"https://ehr.example/fhir{path}"]


@pytest.mark.parametrize(
    "path",
    ["/../admin", "/Task/../../admin", "/Task/%2e%2e/%2e%2e/admin", "ish/Task", "@evil.example/x"],
)
def test_nothing_else_is(path: str) -> None:
    with pytest.raises(Undelivered) as refused:
        asked(path)
    assert refused.value.category is Category.FORBIDDEN
