"""The assertion that a token is asked for with (SMART 2.x, private_key_jwt; RFC 7523). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import msgspec
from joserfc import jws

from server.fhir.smart.keys import Signer
from server.model import Login

LIFETIME: Final = timedelta(seconds=180)
"""At most 300 are allowed; the rest is for clocks that differ."""
_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def form(login: Login, signed: str) -> bytes:
    """The body of the token request."""
    said = {
        "grant_type": "client_credentials",
        "scope": login.scopes,
        "client_assertion_type": _TYPE,
        "client_assertion": signed,
    }
    return urlencode(said).encode("ascii")


def assertion(signer: Signer, client_id: str, audience: str, jti: str, now: datetime) -> str:
    """A JWT for one use. ``audience`` is the token endpoint's URL, exactly; ``jti`` was never used before."""
    header = {"alg": signer.algorithm, "typ": "JWT", "kid": signer.kid}
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": jti,
        "exp": int((now + LIFETIME).timestamp()),
    }
    registry = jws.JWSRegistry(algorithms=[signer.algorithm])
    return jws.serialize_compact(header, msgspec.json.encode(claims), signer.key, registry=registry)
