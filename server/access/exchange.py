"""An assertion for a token: all that the token endpoint decides, without HTTP (RFC 6749 section 4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from server.access import assertion, tokens
from server.access.granting import granted
from server.access.jwks import Keys
from server.access.keys import KeyRing
from server.access.refusals import Error, Refused, invalid_client
from server.access.register import Demand, Register
from server.access.tokens import Granted, Tokens
from server.caller import Scope, scopes_of
from server.errors import Fault
from server.ports import Assertions

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRANT_TYPE: Final = "client_credentials"
_NEEDED: Final = ("grant_type", "client_assertion_type", "client_assertion", "scope")
_NONE: Keys = {}


@dataclass(frozen=True, slots=True)
class Exchange:
    """Everything that it takes."""

    register: Register
    keys: KeyRing
    used: Assertions
    tokens: Tokens
    address: str
    """The token URL, as a client must name it in ``aud``."""
    demand: Demand

    def answer(self, form: Sequence[tuple[str, str]], now: datetime) -> dict[str, Any]:
        """The token response.

        Raises:
            Refused: with the code of RFC 6749.
        """
        asked = _single(form)
        presented = assertion.read(asked["client_assertion"])
        client = self.register.current().get(presented.client)
        if asked.get("client_id", presented.client) != presented.client:
            raise invalid_client("client_id, when it is sent, is the iss of the assertion")
        if client is not None:
            address = client.jwks if client.by_url else None
            assertion.demand_registered_address(presented, address)
        keys = self.keys.of(client, presented.kid, now) if client is not None else _NONE
        proof = assertion.verify(presented, keys, self.address, now)
        if client is None:
            raise invalid_client("no such client")
        scopes = self._granted(asked["scope"], client.scopes)
        if not self.used.use(proof.client, proof.jti, proof.ends_at, now):
            raise invalid_client("jti: this assertion has been used; each is used once")
        scope = " ".join(map(str, scopes))
        return {
            "access_token": self.tokens.issue(Granted(client.id, scope), now),
            "token_type": "bearer",
            "expires_in": int(tokens.LIFETIME.total_seconds()),
            "scope": scope,
        }

    def _granted(self, text: str, registered: Sequence[Scope]) -> tuple[Scope, ...]:
        try:
            asked = scopes_of(text)
            for each in asked:
                self.demand(each)
        except (ValueError, Fault) as error:
            raise Refused(Error.SCOPE, f"scope: {error}") from error
        scopes = granted(asked, registered)
        if not scopes:
            raise Refused(Error.SCOPE, "this client is registered for none of these scopes")
        return scopes


def _single(form: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Each parameter once, all that are needed (RFC 6749 section 3.2)."""
    asked = dict(form)
    if len(asked) < len(form):
        raise Refused(Error.REQUEST, "each parameter is sent once")
    for name in _NEEDED:
        if not asked.get(name):
            raise Refused(Error.REQUEST, f"{name} is required")
    if asked["grant_type"] != GRANT_TYPE:
        raise Refused(Error.GRANT, f"grant_type: accepted is {GRANT_TYPE}")
    if asked["client_assertion_type"] != ASSERTION_TYPE:
        raise Refused(Error.REQUEST, f"client_assertion_type: accepted is {ASSERTION_TYPE}")
    if len(asked["client_assertion"]) > assertion.LONGEST:
        raise Refused(Error.REQUEST, f"client_assertion: at most {assertion.LONGEST} characters")
    return asked
