"""The private key that we sign with: what is taken, what is refused, and that nothing of it is told."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from server.fhir.smart.keys import signer
from tests.access.keys import curve, rsa, short_rsa


def jwk(key, **changed):
    return json.dumps(key.as_dict(private=True) | changed).encode()


def pem(password: bytes | None = None) -> bytes:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return generate_private_key(SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


@pytest.mark.parametrize(("key", "algorithm"), [(rsa(), "RS384"), (curve(), "ES384")])
def test_a_jwk_says_its_algorithm_and_its_name(key, algorithm) -> None:
    found = signer(jwk(key))
    assert (found.algorithm, found.kid) == (algorithm, key.kid)
    assert signer(jwk(key), "another").kid == "another"


@pytest.mark.parametrize("key", [rsa(), curve()])
def test_a_pem_is_called_by_its_thumbprint(key) -> None:
    assert signer(key.as_pem(private=True)).kid == key.thumbprint()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[1]",
        b"{}",
        b"\xff\xfe",
        b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
        json.dumps(curve().as_dict(private=False)).encode(),
        json.dumps({"keys": [curve().as_dict(private=True)]}).encode(),
        jwk(curve(name="P-256", kid="small")),
        json.dumps(short_rsa()).encode(),
        json.dumps({"kty": "oct", "k": "c2VjcmV0"}).encode(),
        jwk(curve(), kty="RSA"),
        pem(b"secret"),
        curve().as_pem(private=False),
    ],
    ids=range(14),
)
def test_what_cannot_sign_is_refused_without_quoting_it(raw: bytes) -> None:
    with pytest.raises(ValueError, match="allowed: a private key, RSA of 2048 bits or more") as refused:
        signer(raw)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_key_is_not_printed() -> None:
    secret = curve().as_dict(private=True)["d"]
    assert secret not in repr(signer(jwk(curve())))
    assert signer(pem()).algorithm == "ES384"
