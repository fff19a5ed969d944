"""Access tokens: JWTs that we sign for ourselves and that nobody else reads.

A MAC under a secret of this server is enough, because the one who reads is the one who wrote; an ES384
signature would cost every request thirty times as much and prove no more. Nothing is stored: any process
that shares the data folder reads what another has issued.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

LIFETIME: Final = timedelta(seconds=300)
"""SMART Backend Services: at most five minutes."""
_LEEWAY: Final = 30.0
"""Seconds that the clocks of two machines with one secret may differ."""
_ALGORITHM: Final = "HS384"
_KIND: Final = "at+jwt"
_LONGEST: Final = 16 * 1024
_REGISTRY: Final = jws.JWSRegistry(algorithms=[_ALGORITHM])


@dataclass(frozen=True, slots=True)
class Granted:
    """What a token says."""

    client: str
    scope: str


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str
    sub: str
    scope: str
    iat: int
    exp: int
    jti: str


class Tokens:
    """Issues and reads the tokens of one server."""

    def __init__(self, secret: bytes, base: str) -> None:
        self._key = OctKey.import_key(secret)
        self._base = base

    def issue(self, granted: Granted, now: datetime) -> str:
        begins = int(now.timestamp())
        claims = _Claims(
            iss=self._base,
            aud=self._base,
            sub=granted.client,
            scope=granted.scope,
            iat=begins,
            exp=begins + int(LIFETIME.total_seconds()),
            jti=str(uuid.uuid4()),
        )
        header = {"alg": _ALGORITHM, "typ": _KIND}
        return jws.serialize_compact(header, msgspec.json.encode(claims), self._key, registry=_REGISTRY)

    def read(self, token: str, now: datetime) -> Granted | None:
        """What a token of ours grants now; None for one that is not ours, or is over."""
        if len(token) > _LONGEST or not token.isascii():
            return None
        try:
            signed = jws.deserialize_compact(token.encode("ascii"), self._key, registry=_REGISTRY)
            claims = msgspec.json.decode(signed.payload, type=_Claims)
        except (JoseError, msgspec.DecodeError, ValueError):
            return None
        if signed.headers().get("typ") != _KIND or (claims.iss, claims.aud) != (self._base, self._base):
            return None
        moment = now.timestamp()
        return (
            Granted(claims.sub, claims.scope)
            if claims.iat <= moment + _LEEWAY and moment < claims.exp
            else None
        )


def bearer(header: str) -> str | None:
    """The token of an Authorization header (RFC 6750 section 2.1); None when it is of another kind."""
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
