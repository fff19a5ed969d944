"""Which keys of a JWKS an assertion may be signed with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc.jwk import OctKey, OKPKey

from server.access.jwks import MOST_BYTES, usable
from tests.access.keys import curve, rsa, short_rsa

RSA, EC = rsa().as_dict(private=False), curve().as_dict(private=False)


def kids(*keys: Any) -> list[str]:
    return sorted(usable(json.dumps({"keys": list(keys)}).encode()))


def test_strong_keys_with_a_name_are_taken() -> None:
    assert kids(RSA, EC) == ["ec-1", "rsa-1"]
    assert kids({**RSA, "use": "sig", "alg": "RS384", "key_ops": ["verify"]}) == ["rsa-1"]


def test_of_a_private_key_only_the_public_half_is_read() -> None:
    found = usable(json.dumps({"keys": [curve().as_dict(private=True)]}).encode())
    assert [key.is_private for key in found["ec-1"]] == [False]


def test_two_kinds_may_share_a_name() -> None:
    found = usable(json.dumps({"keys": [RSA, {**EC, "kid": "rsa-1"}]}).encode())
    assert [key.key_type for key in found["rsa-1"]] == ["RSA", "EC"]


@pytest.mark.parametrize(
    "key",
    [
        {**RSA, "kid": None},
        {name: value for name, value in RSA.items() if name != "kid"},
        {**RSA, "kid": ""},
        {**RSA, "kid": "k" * 257},
        {**RSA, "use": "enc"},
        {**RSA, "alg": "RS256"},
        {**RSA, "alg": "ES384"},
        {**RSA, "key_ops": ["sign"]},
        {**RSA, "key_ops": "verify"},
        {**RSA, "n": "!"},
        {**RSA, "e": 3},
        {"kty": "RSA", "kid": "x"},
        {**EC, "crv": "P-256"},
        {**EC, "x": EC["y"]},
        {**EC, "kty": "RSA"},
        {**RSA, "kty": ["RSA"]},
        short_rsa(),
        curve("p256", "P-256").as_dict(private=False),
        OctKey.generate_key(256, {"kid": "shared"}).as_dict(private=True),
        OKPKey.generate_key("Ed25519", {"kid": "ed"}).as_dict(private=False),
        {"kty": "PQ", "kid": "later"},
        "a string",
        None,
    ],
)
def test_other_keys_are_passed_over(key: Any) -> None:
    """A-026: the rest of the set stays usable."""
    assert kids(key, EC if key != EC else RSA) == ["ec-1"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": ' + b"[" * 5_000,
        json.dumps({"keys": [RSA] * 101}).encode(),
        b" " * MOST_BYTES + b'{"keys": []}',
    ],
    ids=range(8),
)
def test_what_is_no_key_set_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="JWKS"):
        usable(raw)
