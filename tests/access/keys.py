"""Keys of made-up clients, and assertions signed with them."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TOKEN_URL = "http://127.0.0.1:8080/fhir/auth/token"  # noqa: S105
ALL_ALGORITHMS = ["RS256", "RS384", "PS256", "ES384", "ES256", "HS256", "HS384", "Ed25519", "none"]


@cache
def rsa(kid: str = "rsa-1") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid})


@cache
def short_rsa() -> dict[str, str]:
    """The public half of a key that is too short to be safe."""
    made = generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - so it is meant
    n = made.public_key().public_numbers().n
    return {"kty": "RSA", "kid": "short", "n": part(n.to_bytes(128, "big")), "e": "AQAB"}


@cache
def curve(kid: str = "ec-1", name: str = "P-384") -> ECKey:
    return ECKey.generate_key(name, {"kid": kid})


def key_set(*keys: Any) -> bytes:
    listed = [each if isinstance(each, dict) else each.as_dict(private=False) for each in keys]
    return json.dumps({"keys": listed}).encode()


def claims(**changed: Any) -> dict[str, Any]:
    """Right ones, with some changed; None leaves one out."""
    right = {
        "iss": "ehr",
        "sub": "ehr",
        "aud": TOKEN_URL,
        "exp": int((NOW + timedelta(seconds=120)).timestamp()),
        "jti": str(uuid.uuid4()),
    }
    return {name: value for name, value in (right | changed).items() if value is not None}


def signed(key: Any = None, algorithm: str = "ES384", *, header: Any = None, **changed: Any) -> str:
    key = curve() if key is None else key
    named = {"alg": algorithm, "typ": "JWT", "kid": getattr(key, "kid", None) or "ec-1", **(header or {})}
    named = {name: value for name, value in named.items() if value is not None}
    if {"crit", "jku"} & set(named):
        return _by_hand(named, claims(**changed), key)
    registry = jws.JWSRegistry(algorithms=ALL_ALGORITHMS, strict_check_header=False)
    return jws.serialize_compact(named, json.dumps(claims(**changed)), key, registry=registry)


def _by_hand(header: dict[str, Any], told: dict[str, Any], key: ECKey) -> str:
    """For what joserfc refuses to sign."""
    text = ".".join(part(json.dumps(each).encode()) for each in (header, told))
    r, s = decode_dss_signature(key.private_key.sign(text.encode(), ECDSA(SHA384())))
    return f"{text}.{part(r.to_bytes(48, 'big') + s.to_bytes(48, 'big'))}"


def part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def ask(assertion: str, scope: str = "system/Task.rs", **more: str) -> dict[str, str]:
    """The form of a right request around an assertion."""
    return {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        **more,
    }


def clients_file(
    folder: Path, scopes: str = "system/Task.crus system/Patient.rs", more: str = "", client: str = "ehr"
) -> Path:
    """A clients file with one client whose keys lie beside it."""
    (folder / f"{client}.jwks.json").write_bytes(key_set(rsa(), curve()))
    path = folder / "clients.toml"
    text = f'[[client]]\nclient_id = "{client}"\nname = "Demo EHR"\nscopes = "{scopes}"\n'
    path.write_text(text + f'jwks = "{client}.jwks.json"\n{more}\n')
    return path
