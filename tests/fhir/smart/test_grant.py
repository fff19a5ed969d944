"""What a token endpoint answers, as a table."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.errors import Category
from server.fhir.proof import Answer
from server.fhir.smart.grant import endpoint, granted
from server.ports import Undelivered

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
RIGHT = {"access_token": "abc.DEF-1", "token_type": "Bearer", "expires_in": 300}


def answer(status: int = 200, **said: Any) -> Answer:
    return Answer(status, json.dumps(said).encode())


def named(url: Any) -> Answer:
    return answer(token_endpoint=url)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (RIGHT, 280),
        (RIGHT | {"expires_in": 40}, 30),
        (RIGHT | {"expires_in": 0}, 0),
        (RIGHT | {"expires_in": -5}, 0),
        (RIGHT | {"expires_in": 1e9}, 3580),
        ({"access_token": "abc", "token_type": "bearer"}, 45),
    ],
)
def test_a_token_is_good_until_shortly_before_its_end(said: dict[str, Any], seconds: int) -> None:
    assert granted(answer(**said), NOW).good_until == NOW + timedelta(seconds=seconds)


def test_a_token_is_not_printed() -> None:
    assert "abc.DEF-1" not in repr(granted(answer(**RIGHT), NOW))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (Answer(200), "is no token"),
        (Answer(200, b"<html>Sign in</html>"), "is no token"),
        (Answer(200, b"[" * 100_000), "is no token"),
        (Answer(200, b"\xff"), "is no token"),
        (answer(**RIGHT | {"access_token": "a\r\nHost: x"}), "is no bearer token"),
        (answer(**RIGHT | {"access_token": ""}), "is no bearer token"),
        (answer(**RIGHT | {"access_token": "a" * 20_000}), "is no bearer token"),
        (answer(**RIGHT | {"token_type": "mac"}), "is no bearer token"),
        (answer(302), "a redirect, which is never followed"),
        (answer(400, error="invalid_client"), "HTTP 400 (invalid_client): see that it knows this client"),
        (answer(400, error="patient 17 is unknown"), "HTTP 400: see that"),
        (answer(401), "HTTP 401: see that"),
        (answer(404), "HTTP 404: see that"),
        (answer(500), "HTTP 500: see that"),
    ],
)
def test_everything_else_passes_when_it_is_mended(told: Answer, said: str) -> None:
    with pytest.raises(Undelivered) as failed:
        granted(told, NOW)
    assert failed.value.category is Category.UNAVAILABLE
    assert said in str(failed.value)
    assert "17" not in str(failed.value)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_endpoint_says_when_to_come_back(status: int) -> None:
    with pytest.raises(Undelivered) as failed:
        granted(Answer(status, retry_after="7"), NOW)
    assert failed.value.category is Category.BUSY
    assert failed.value.retry_after == timedelta(seconds=7)


def test_the_configuration_names_the_endpoint() -> None:
    url = "https://ehr.example/auth/token"
    assert endpoint(named(url), "https://ehr.example") == url


@pytest.mark.parametrize(
    "told",
    [
        Answer(404),
        Answer(200, b"<html>"),
        named(7),
        named("https://evil.example/token"),
        named("https://ehr.example.evil.example/token"),
        named("https://ehr.example@evil.example/token"),
        named("https://ehr.example/token?x=1"),
        named("https://ehr.example/token\n"),
        named("file:///etc/passwd"),
    ],
)
def test_an_endpoint_elsewhere_must_be_configured(told: Answer) -> None:
    with pytest.raises(Undelivered, match="token_url"):
        endpoint(told, "https://ehr.example")
