"""What the token endpoint says no with (RFC 6749 section 5.2); never a word of what was sent."""

from __future__ import annotations

from enum import StrEnum


class Error(StrEnum):
    """The codes of RFC 6749 that are used here."""

    REQUEST = "invalid_request"
    CLIENT = "invalid_client"
    GRANT = "unsupported_grant_type"
    SCOPE = "invalid_scope"


class Refused(Exception):
    """No token, and why."""

    def __init__(self, error: Error, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def invalid_client(description: str) -> Refused:
    """The usual case: the assertion proves nothing."""
    return Refused(Error.CLIENT, description)
