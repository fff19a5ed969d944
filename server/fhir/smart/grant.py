"""What a token endpoint answers (RFC 6749 sections 5.1 and 5.2; SMART 2.x, backend-services). Pure.

Whatever is not a token passes by itself, as soon as somebody mends it: a key that the other side
does not know yet parks no document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from server.errors import Category
from server.fhir.proof import Answer, retry_after
from server.ports import Undelivered

_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]{1,16384}=*")
"""RFC 6750 section 2.1; anything else could not stand in a header."""
_ERRORS: Final = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "invalid_scope"}
)
_USUAL: Final = 60
_LONGEST: Final = 3600
_MARGIN: Final = timedelta(seconds=20)
_SECURE: Final = re.compile(r"(https://|http://(?:127\.0\.0\.1|\[::1\]|localhost)(?=[:/]))[^@?#\s]+")


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    token_type: str
    expires_in: float | None = None


class _Refused(msgspec.Struct, frozen=True):
    error: str = ""


class _Configuration(msgspec.Struct, frozen=True):
    token_endpoint: str


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; never printed."""

    text: str = field(repr=False)
    good_until: datetime


def granted(answer: Answer, asked_at: datetime) -> Token:
    """The token, good until shortly before it ends, counted from when it was asked for.

    Raises:
        Undelivered: there is none; BUSY or UNAVAILABLE.
    """
    if answer.status != 200:
        raise _refusal(answer)
    try:
        found = msgspec.json.decode(answer.body, type=_Granted)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise _unusable("token endpoint", "is no token") from None
    if found.token_type.lower() != "bearer" or not _TOKEN.fullmatch(found.access_token):
        raise _unusable("token endpoint", "is no bearer token")
    seconds = _USUAL if found.expires_in is None else found.expires_in
    life = timedelta(seconds=min(max(seconds, 0), _LONGEST))
    return Token(found.access_token, asked_at + life - min(_MARGIN, life / 4))


def endpoint(answer: Answer, origin: str) -> str:
    """The token endpoint that ``.well-known/smart-configuration`` names, at the same ``origin`` only.

    Raises:
        Undelivered: UNAVAILABLE when it names none that may be dialled.
    """
    if answer.status != 200:
        text = f"the destination's smart-configuration answered HTTP {answer.status}; set token_url"
        raise Undelivered(Category.UNAVAILABLE, "not-found", text)
    try:
        told = msgspec.json.decode(answer.body, type=_Configuration).token_endpoint
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise _unusable("smart-configuration", "names no token endpoint; set token_url") from None
    if not told.startswith(f"{origin}/") or not _SECURE.fullmatch(told):
        raise _unusable("smart-configuration", "names a token endpoint elsewhere; set token_url to allow it")
    return told


def _refusal(answer: Answer) -> Undelivered:
    said = f"the token endpoint answered HTTP {answer.status}"
    wait = retry_after(answer)
    if answer.status in (429, 503):
        return Undelivered(Category.BUSY, "throttled", f"{said}: it is busy", retry_after=wait)
    if 300 <= answer.status < 400:
        text = f"{said}, a redirect, which is never followed; set token_url to the address that answers"
        return Undelivered(Category.UNAVAILABLE, "login", text)
    try:
        code = msgspec.json.decode(answer.body, type=_Refused).error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        code = ""
    reason = f" ({code})" if code in _ERRORS else ""
    text = f"{said}{reason}: see that it knows this client, its key and its scopes"
    return Undelivered(Category.UNAVAILABLE, "login", text, retry_after=wait)


def _unusable(whose: str, what: str) -> Undelivered:
    return Undelivered(Category.UNAVAILABLE, "login", f"the answer of the destination's {whose} {what}")
