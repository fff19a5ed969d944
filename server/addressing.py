"""What every table about another system says alike: name, patience, login and certificates."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from server.model import Login, Trust
from server.toml import Number

NAME = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,62}$", error="allowed: lower-case letters, digits and hyphens")
BASE = validate.Regexp(
    r"^https?://[^@?#\s]+$", error="allowed: an http(s) URL without user, query or fragment"
)
_SECURE = re.compile(r"https://|http://(127\.0\.0\.1|\[::1\]|localhost)([:/]|$)")
_TOKEN_URL = validate.Regexp(
    r"^(https://|http://(127\.0\.0\.1|\[::1\]|localhost)[:/])[^@?#\s]+$",
    error="allowed: an https URL without user, query or fragment (http on this machine only)",
)
GIVEN = validate.Length(min=1, error="allowed: a value, or leave it out")
_DURATION = re.compile(r"P(?=.)(?:(\d{1,3})D)?(?:T(?=.)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?")
_SHORTEST, _LONGEST = timedelta(seconds=10), timedelta(days=7)
_LOGIN = ("client_id", "private_key", "scopes")


class System(Schema):
    """A system that is dialled. ``address`` names the key under which its URL stands."""

    address = "base"

    class Meta:
        unknown = RAISE

    name = fields.String(required=True, validate=NAME)
    timeout_seconds = Number(load_default=30.0, validate=validate.Range(min=0.1, max=300))
    client_id = fields.String(validate=GIVEN)
    private_key = fields.String(validate=GIVEN)
    key_id = fields.String(validate=GIVEN)
    scopes = fields.String(validate=GIVEN)
    token_url = fields.String(validate=_TOKEN_URL)
    ca = fields.String(validate=GIVEN)
    certificate = fields.String(validate=GIVEN)
    certificate_key = fields.String(validate=GIVEN)

    @validates_schema
    def _whole_login(self, data: dict[str, Any], **_: Any) -> None:
        given = [name for name in (*_LOGIN, "key_id", "token_url") if name in data]
        lacking = [name for name in _LOGIN if name not in data]
        if given and lacking:
            text = f"needed with {given[0]}: {', '.join(_LOGIN)}"
            raise ValidationError(text, lacking[0])
        if given and not _SECURE.match(data.get(self.address, "")):
            text = f"a token goes to an https URL only (http on this machine); the {self.address} is none"
            raise ValidationError(text, self.address)
        if "certificate_key" in data and "certificate" not in data:
            raise ValidationError("needed with certificate_key", "certificate")


def duration(text: str, key: str) -> timedelta:
    """ISO 8601, in days and what is exact below them."""
    match = _DURATION.fullmatch(text)
    span = timedelta()
    if match:
        days, hours, minutes, seconds = (int(each or 0) for each in match.groups())
        span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not _SHORTEST <= span <= _LONGEST:
        raise ValidationError("allowed: an ISO 8601 duration such as PT15M, from PT10S to P7D", key)
    return span


def login(data: dict[str, Any]) -> Login | None:
    if "client_id" not in data:
        return None
    chosen = {name: data[name] for name in (*_LOGIN, "key_id", "token_url") if name in data}
    return Login(**chosen)


def trust(data: dict[str, Any]) -> Trust:
    return Trust(*(data.get(name, "") for name in ("ca", "certificate", "certificate_key")))
