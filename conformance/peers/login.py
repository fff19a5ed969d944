"""The EHR's own authorisation server: SMART Backend Services, strict (SMART App Launch 2.x)."""

from __future__ import annotations

import base64
import math
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from conformance.peers.listener import Request
from conformance.peers.wire import Answer, Refused, decode, encode

TOKEN_PATH = "/auth/token"  # noqa: S105 - an address
CONFIGURATION_PATH = "/fhir/.well-known/smart-configuration"
_ALGORITHMS = ("RS384", "ES384")
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST = 300


class _Invalid(Exception):
    """A token request that is refused (RFC 6749 section 5.2)."""


class Gate:
    """Who may come in, and the tokens that are out. Safe to use from any thread."""

    def __init__(self, clients: Mapping[str, Mapping[str, Any]], lifetime: float = _LONGEST) -> None:
        """``clients``: client_id -> its JWKS."""
        self._lock = threading.Lock()
        self._clients = dict(clients)
        self._tokens: dict[str, float] = {}
        self._used: set[str] = set()
        self.lifetime = lifetime
        self.refused = 0
        self.issued = 0

    def register(self, client: str, key_set: Mapping[str, Any]) -> None:
        with self._lock:
            self._clients[client] = key_set

    def lent(self) -> str:
        """A token for the hospital's own programs, which prove nothing to themselves."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = math.inf
        return token

    def revoke(self) -> None:
        """Put all tokens out."""
        with self._lock:
            self._tokens.clear()

    def demand(self, request: Request) -> None:
        """Raises Refused: 401 without a token that holds now (RFC 6750 section 3)."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            good = self._tokens.get(token, 0.0) > time.monotonic()
        if kind.lower() != "bearer" or not good:
            raise Refused(401, "login", "a token is needed, see .well-known/smart-configuration")

    def configuration(self, root: str) -> Answer:
        said = {
            "token_endpoint": f"{root}{TOKEN_PATH}",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(_ALGORITHMS),
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["client-confidential-asymmetric"],
        }
        return Answer(200, encode(said), "application/json")

    def exchange(self, request: Request, root: str) -> Answer:
        """The token endpoint: a form in, a token or the reason why not out."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode("latin-1")).items()}
        try:
            self._prove(form, f"{root}{TOKEN_PATH}")
        except _Invalid as reason:
            with self._lock:
                self.refused += 1
            return Answer(400, encode({"error": str(reason)}), "application/json")
        token = secrets.token_urlsafe(24)
        with self._lock:
            self.issued += 1
            self._tokens[token] = time.monotonic() + self.lifetime
        granted = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": self.lifetime,
            "scope": form["scope"],
        }
        return Answer(200, encode(granted), "application/json", headers={"Cache-Control": "no-store"})

    def _prove(self, form: Mapping[str, str], audience: str) -> None:
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != _TYPE:
            raise _Invalid("invalid_request")
        if not form.get("scope", "").startswith("system/"):
            raise _Invalid("invalid_scope")
        assertion = form.get("client_assertion", "")
        claims = _claims(assertion)
        client, jti, ends = claims.get("iss"), claims.get("jti"), claims.get("exp", 0)
        with self._lock:
            keys = self._clients.get(str(client), {"keys": []})
            fresh = isinstance(jti, str) and jti not in self._used
            in_time = time.time() < ends <= time.time() + _LONGEST
            ours = claims.get("sub") == client and claims.get("aud") == audience
            if not (fresh and in_time and ours and _signed(assertion, keys)):
                raise _Invalid("invalid_client")
            self._used.add(str(jti))


def _claims(assertion: str) -> Mapping[str, Any]:
    try:
        found = decode(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))
    except (ValueError, IndexError) as error:
        raise _Invalid("invalid_client") from error
    if not isinstance(found, dict):
        raise _Invalid("invalid_client")
    return found


def _signed(assertion: str, keys: Mapping[str, Any]) -> bool:
    registry = jws.JWSRegistry(algorithms=list(_ALGORITHMS))
    try:
        known = KeySet.import_key_set({"keys": list(keys["keys"])})
        jws.deserialize_compact(assertion, known, registry=registry)
    except (JoseError, ValueError, KeyError):
        return False
    return True
