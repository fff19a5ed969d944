"""private_key_jwt: is this assertion signed by the client that it names, for us, now? (SMART 2.x,
client-confidential-asymmetric; RFC 7523 section 3). Pure; that it is used once only is the store's to say.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from server.access.jwks import ALGORITHMS, Keys, SigningKey
from server.access.refusals import invalid_client

LONGEST: Final = 16 * 1024
"""Characters of an assertion; a usual one has less than 1,000."""
LIFETIME: Final = timedelta(seconds=300)
LEEWAY: Final = timedelta(seconds=30)
"""How far two clocks may differ."""
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]{2,2000}\.[A-Za-z0-9_-]{2,12000}\.[A-Za-z0-9_-]{0,2000}")
_JTI: Final = re.compile(r"[!-~]{1,128}")
_ACCEPTED: Final = tuple(sorted(ALGORITHMS.values()))
_REGISTRY: Final = jws.JWSRegistry(algorithms=_ACCEPTED, strict_check_header=False)
_NO_PROOF: Final = "the assertion is not signed with a key that is registered for this client"
"""Also for a client that is not known: who asks is not told which it was."""


@dataclass(frozen=True, slots=True)
class Presented:
    """An assertion whose words are read and not yet believed."""

    signature: jws.CompactSignature
    client: str
    kid: str
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """An assertion that is believed, once."""

    client: str
    jti: str
    ends_at: datetime
    """After this it would be refused for its age: its jti need not be remembered longer."""


def read(text: str) -> Presented:
    """What an assertion says of itself.

    Raises:
        Refused: it is no JWT of the kind that is accepted.
    """
    if not _COMPACT.fullmatch(text):
        raise invalid_client("client_assertion is a JWS in compact form")
    _demand_header(_object(text.partition(".")[0]))
    claims = _object(text.split(".")[1])
    client = claims.get("iss")
    if not isinstance(client, str) or client != claims.get("sub"):
        raise invalid_client("iss and sub are both the client_id")
    try:
        signature = jws.extract_compact(text.encode("ascii"), registry=_REGISTRY)
    except (JoseError, ValueError) as error:
        raise invalid_client("client_assertion is a JWS in compact form") from error
    return Presented(signature, client, signature.headers()["kid"], claims)


def _object(part: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(f"{part}=="))
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise invalid_client("header and claims of client_assertion are JSON objects") from error
    if not isinstance(found, dict):
        raise invalid_client("header and claims of client_assertion are JSON objects")
    return found


def _demand_header(header: Mapping[str, Any]) -> None:
    if header.get("alg") not in _ACCEPTED:
        raise invalid_client(f"alg: accepted are {' and '.join(_ACCEPTED)}")
    if "crit" in header or "b64" in header:
        raise invalid_client("crit: no extension is understood here")
    if not isinstance(header.get("kid"), str):
        raise invalid_client("kid: the header names the key of the registered JWKS")


def demand_registered_address(presented: Presented, address: str | None) -> None:
    """``jku``, when it is there, is the registered one: nothing else is fetched (SMART 2.x).

    Raises:
        Refused: it names another address.
    """
    if presented.signature.headers().get("jku", address) != address:
        raise invalid_client("jku is the registered JWKS URL, or is left out")


def verify(presented: Presented, keys: Keys, audience: str, now: datetime) -> Proof:
    """The proof that an assertion is.

    Raises:
        Refused: it is none, with the first reason.
    """
    if not any(_signed(presented.signature, key) for key in keys.get(presented.kid, ())):
        raise invalid_client(_NO_PROOF)
    claims = presented.claims
    if claims.get("aud") not in (audience, [audience]):
        raise invalid_client("aud is the URL of this token endpoint, exactly, and nothing beside it")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not _JTI.fullmatch(jti):
        raise invalid_client("jti: 1 to 128 printable ASCII characters without spaces")
    return Proof(presented.client, jti, _demand_fresh(claims, now) + LEEWAY)


def _signed(signature: jws.CompactSignature, key: SigningKey) -> bool:
    if ALGORITHMS[key.key_type] != signature.headers()["alg"]:
        return False
    try:
        return jws.validate_compact(signature, key, registry=_REGISTRY)
    except (JoseError, ValueError):
        return False


def _demand_fresh(claims: Mapping[str, Any], now: datetime) -> datetime:
    """When it ends."""
    ends_at = _moment(claims, "exp")
    if ends_at is None:
        raise invalid_client("exp is required, at most 300 seconds ahead")
    if ends_at + LEEWAY <= now:
        raise invalid_client("the assertion has expired")
    if ends_at > now + LIFETIME + LEEWAY:
        raise invalid_client("exp is at most 300 seconds ahead")
    for name in ("iat", "nbf"):
        moment = _moment(claims, name)
        if moment is not None and moment > now + LEEWAY:
            raise invalid_client(f"{name} is not in the future; check the clocks")
    return ends_at


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    if name not in claims:
        return None
    seconds = claims[name]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise invalid_client(f"{name} is a number of seconds since 1970")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise invalid_client(f"{name} is a number of seconds since 1970") from error
