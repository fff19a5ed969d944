"""What a client must know to get in: [base]/.well-known/smart-configuration (SMART App Launch 2.x)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.access.exchange import GRANT_TYPE
from server.access.jwks import ALGORITHMS

TOKEN_PATH = "/auth/token"  # noqa: S105 - an address
WELL_KNOWN = "/.well-known/smart-configuration"
_SCOPES = ("system/*.cruds",)


def token_address(base: str) -> str:
    return f"{base}{TOKEN_PATH}"


def configuration(base: str, types: Sequence[str]) -> dict[str, Any]:
    """The document; addresses in it are absolute. ``types`` are those that scopes may name."""
    return {
        "token_endpoint": token_address(base),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": sorted(ALGORITHMS.values()),
        "grant_types_supported": [GRANT_TYPE],
        "scopes_supported": [*_SCOPES, *(f"system/{type_}.cruds" for type_ in types)],
        "response_types_supported": [],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }
