"""A client's public keys, read from a JWKS (RFC 7517): only those that can sign an assertion count.

Keys of other kinds are passed over, as RFC 7517 section 5 asks, and so is what is unsafe: a symmetric
key in a published set is known to all, and an RSA key below 2048 bits is too short (RFC 7518 section 3.3).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

MOST_BYTES: Final = 256 * 1024
_MOST_KEYS: Final = 100
_LONGEST_KID: Final = 256
_RSA_BITS: Final = range(2048, 8192 + 1)
_PUBLIC: Final = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
"""All that is taken of a key: a private one that stands there by mistake is not read."""
ALGORITHMS: Final = {"RSA": "RS384", "EC": "ES384"}

SigningKey = RSAKey | ECKey
Keys = Mapping[str, tuple[SigningKey, ...]]
"""By kid; one of each kind may share it."""


def usable(raw: bytes) -> Keys:
    """The keys of a set that an assertion may be signed with.

    Raises:
        ValueError: it is no JWKS, or too large.
    """
    if len(raw) > MOST_BYTES:
        raise ValueError(f"at most {MOST_BYTES} bytes are read of a JWKS")
    try:
        listed = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError("a JWKS is a JSON object with an array keys") from error
    keys = listed.get("keys") if isinstance(listed, dict) else None
    if not isinstance(keys, list):
        raise ValueError("a JWKS is a JSON object with an array keys")  # noqa: TRY004 - bytes are wrong, no type
    if len(keys) > _MOST_KEYS:
        raise ValueError(f"at most {_MOST_KEYS} keys are read of a JWKS")
    found: dict[str, tuple[SigningKey, ...]] = {}
    for each in keys:
        key = _key(each) if isinstance(each, dict) else None
        if key is not None:
            found[each["kid"]] = (*found.get(each["kid"], ()), key)
    return found


def _key(listed: dict[str, Any]) -> SigningKey | None:
    kid = listed.get("kid")
    if not (isinstance(kid, str) and 0 < len(kid) <= _LONGEST_KID) or not _for_signing(listed):
        return None
    try:
        bare = {name: listed[name] for name in _PUBLIC[listed["kty"]]}
        if listed["kty"] == "RSA":
            return RSAKey.import_key(bare) if _bits(bare["n"]) in _RSA_BITS else None
        curve = ECKey.import_key(bare)
    except (JoseError, KeyError, TypeError, ValueError):
        return None  # a broken key signs nothing; the others of the set stay usable
    return curve if curve.curve_name == "P-384" else None


def _bits(modulus: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(f"{modulus}==")).bit_length()


def _for_signing(listed: dict[str, Any]) -> bool:
    kind, operations = listed.get("kty"), listed.get("key_ops", ["verify"])
    return (
        isinstance(kind, str)
        and kind in ALGORITHMS
        and listed.get("use", "sig") == "sig"
        and listed.get("alg", ALGORITHMS[kind]) == ALGORITHMS[kind]
        and isinstance(operations, list)
        and "verify" in operations
    )
