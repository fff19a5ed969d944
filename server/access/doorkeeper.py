"""From the Authorization header of a request to its caller (RFC 6750)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.access.granting import granted
from server.access.register import Register
from server.access.tokens import Tokens, bearer
from server.caller import Caller, scopes_of
from server.errors import Category, fault


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Lets in who shows a token of ours, while the client that it was given to is registered."""

    register: Register
    tokens: Tokens

    def __call__(self, authorization: str, now: datetime) -> Caller:
        """Who asks.

        Raises:
            Fault: UNAUTHENTICATED, with code ``login`` when no token is shown.
        """
        token = bearer(authorization)
        if token is None:
            text = "an access token is needed: Authorization: Bearer; see .well-known/smart-configuration"
            raise fault(Category.UNAUTHENTICATED, "login", text)
        shown = self.tokens.read(token, now)
        client = self.register.current().get(shown.client) if shown else None
        if shown is None or client is None:
            text = "this access token is not valid, or no longer; ask for a new one"
            raise fault(Category.UNAUTHENTICATED, "expired", text)
        return Caller(
            client=client.id,
            name=client.name,
            scopes=granted(scopes_of(shown.scope), client.scopes),
            roles=client.roles,
            speaks_for=client.speaks_for,
        )
