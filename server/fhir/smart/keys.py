"""The private key that we sign with, from a JWK or a PEM; RS384 or ES384 (SMART 2.x, private_key_jwt).

Pure. What is wrong with a key is said in our own words: those of a library may quote it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, RSAKey

_RSA_BITS: Final = range(2048, 8192 + 1)
_ALLOWED: Final = (
    "allowed: a private key, RSA of 2048 bits or more or EC P-384, as a JWK or an unencrypted PEM"
)


@dataclass(frozen=True, slots=True)
class Signer:
    """A key, the one algorithm that it is used with, and its name."""

    key: RSAKey | ECKey = field(repr=False)
    algorithm: str
    kid: str


def signer(raw: bytes, key_id: str = "") -> Signer:
    """``key_id`` names the key where the file does not; else it is called by its thumbprint (RFC 7638).

    Raises:
        ValueError: it is no key that may be signed with; says what would be.
    """
    given: Any = raw
    if raw.lstrip().startswith(b"{"):
        try:
            given = msgspec.json.decode(raw, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise ValueError(f"no JWK; {_ALLOWED}") from None
    key = _imported(given)
    if not key.is_private:
        raise ValueError(f"no private key; {_ALLOWED}")
    named = given.get("kid") if isinstance(given, dict) else None
    kid = key_id or (named if isinstance(named, str) and named else key.thumbprint())
    return Signer(key, "RS384" if isinstance(key, RSAKey) else "ES384", kid)


def _imported(given: Any) -> RSAKey | ECKey:
    for kind in (RSAKey, ECKey):
        if isinstance(given, dict) and given.get("kty") != kind.key_type:
            continue
        try:
            key = kind.import_key(given)
            usable = _usable(key)
        except (JoseError, SecurityWarning, KeyError, TypeError, ValueError):
            continue
        if usable:
            return key
    raise ValueError(f"no usable key; {_ALLOWED}")


def _usable(key: RSAKey | ECKey) -> bool:
    if isinstance(key, RSAKey):
        return key.raw_value.key_size in _RSA_BITS
    return key.curve_name == "P-384"
