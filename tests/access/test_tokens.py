"""Access tokens: read back by whoever has the secret, and for five minutes."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from server.access.tokens import LIFETIME, Granted, Tokens, bearer
from tests.access.keys import NOW

BASE = "http://127.0.0.1:8080/fhir"
SECRET = bytes(range(48))
GRANTED = Granted("ehr", "system/Task.rs")
TOKENS = Tokens(SECRET, BASE)


def test_a_token_says_what_was_granted() -> None:
    token = TOKENS.issue(GRANTED, NOW)
    assert TOKENS.read(token, NOW) == GRANTED
    assert Tokens(SECRET, BASE).read(token, NOW + LIFETIME - timedelta(seconds=1)) == GRANTED
    assert TOKENS.issue(GRANTED, NOW) != token


def test_no_token_lives_longer_than_five_minutes() -> None:
    """A-032, A-035."""
    assert timedelta(seconds=300) >= LIFETIME
    token = TOKENS.issue(GRANTED, NOW)
    assert TOKENS.read(token, NOW + LIFETIME) is None
    assert TOKENS.read(token, NOW - timedelta(minutes=1)) is None


def forged(header: dict[str, str], secret: bytes = SECRET, **changed: object) -> str:
    claims = {
        "iss": BASE,
        "aud": BASE,
        "sub": "ehr",
        "scope": "system/*.cruds",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 60,
        "jti": "1",
        **changed,
    }
    key = OctKey.import_key(secret)
    registry = jws.JWSRegistry(algorithms=["HS256", "HS384"])
    return jws.serialize_compact(header, json.dumps(claims), key, registry=registry)


RIGHT = {"alg": "HS384", "typ": "at+jwt"}


def test_the_forger_would_succeed_with_the_secret() -> None:
    assert TOKENS.read(forged(RIGHT), NOW) == Granted("ehr", "system/*.cruds")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "ä.b.c",
        forged(RIGHT, b"another secret of forty-eight bytes, just as long"),
        forged({"alg": "HS256", "typ": "at+jwt"}),
        forged({"alg": "HS384", "typ": "JWT"}),
        forged({"alg": "HS384"}),
        forged(RIGHT, iss="https://other.example/fhir"),
        forged(RIGHT, aud="https://other.example/fhir"),
        forged(RIGHT, exp="never"),
        forged(RIGHT, sub=None),
        forged(RIGHT, scope="s" * 16_384),
    ],
    ids=range(13),
)
def test_what_is_not_ours_is_no_token(token: str) -> None:
    assert TOKENS.read(token, NOW) is None


def test_altered_claims_and_no_algorithm_are_no_token() -> None:
    head, _, signature = TOKENS.issue(GRANTED, NOW).split(".")
    claims = forged(RIGHT).split(".")[1]
    assert TOKENS.read(f"{head}.{claims}.{signature}", NOW) is None
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    assert TOKENS.read(f"{none}.{claims}.", NOW) is None


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic abc", None),
        ("abc", None),
        ("", None),
    ],
)
def test_only_bearer_tokens_are_read(header: str, token: str | None) -> None:
    assert bearer(header) == token
