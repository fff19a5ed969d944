"""The systems that results go to, from a TOML file checked by marshmallow. Only these are dialled."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from server.errors import Category, Fault, Issue, fault
from server.model import Destination, Login, Polling, Trust
from server.toml import Number, where

_NAME = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,62}$", error="allowed: lower-case letters, digits and hyphens")
_BASE = validate.Regexp(
    r"^https?://[^@?#\s]+$", error="allowed: an http(s) URL without user, query or fragment"
)


_SECURE = re.compile(r"https://|http://(127\.0\.0\.1|\[::1\]|localhost)([:/]|$)")
_TOKEN_URL = validate.Regexp(
    r"^(https://|http://(127\.0\.0\.1|\[::1\]|localhost)[:/])[^@?#\s]+$",
    error="allowed: an https URL without user, query or fragment (http on this machine only)",
)
_GIVEN = validate.Length(min=1, error="allowed: a value, or leave it out")
_DURATION = re.compile(r"P(?=.)(?:(\d{1,3})D)?(?:T(?=.)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?")
_OFTENEST, _RAREST = timedelta(seconds=10), timedelta(days=7)
_OWNER = validate.Regexp(
    r"^([A-Z][A-Za-z]{1,39}/[A-Za-z0-9.-]{1,64}|[a-z][a-z0-9+.-]*:[^|,\s]+\|[^|,\s]+)$",
    error="allowed: Type/id over there, or system|value of an identifier",
)
_LOGIN = ("client_id", "private_key", "scopes")


class _Destination(Schema):
    class Meta:
        unknown = RAISE

    name = fields.String(required=True, validate=_NAME)
    base = fields.String(required=True, validate=_BASE)
    identifier_systems = fields.List(
        fields.String(validate=validate.Length(min=1)), required=True, validate=validate.Length(min=1)
    )
    timeout_seconds = Number(load_default=30.0, validate=validate.Range(min=0.1, max=300))
    client_id = fields.String(validate=_GIVEN)
    private_key = fields.String(validate=_GIVEN)
    key_id = fields.String(validate=_GIVEN)
    scopes = fields.String(validate=_GIVEN)
    token_url = fields.String(validate=_TOKEN_URL)
    ca = fields.String(validate=_GIVEN)
    certificate = fields.String(validate=_GIVEN)
    certificate_key = fields.String(validate=_GIVEN)

    poll = fields.String()
    owner = fields.String(validate=_OWNER)

    @validates_schema
    def _whole_login(self, data: dict[str, Any], **_: Any) -> None:
        given = [name for name in (*_LOGIN, "key_id", "token_url") if name in data]
        lacking = [name for name in _LOGIN if name not in data]
        if given and lacking:
            text = f"needed with {given[0]}: {', '.join(_LOGIN)}"
            raise ValidationError(text, lacking[0])
        if given and not _SECURE.match(data["base"]):
            text = "a token goes to an https URL only (http on this machine); the base is none"
            raise ValidationError(text, "base")
        if "certificate_key" in data and "certificate" not in data:
            raise ValidationError("needed with certificate_key", "certificate")
        if ("poll" in data) != ("owner" in data):
            raise ValidationError("poll and owner are given together", "owner" if "poll" in data else "poll")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Destination:
        return Destination(
            name=data["name"],
            base=data["base"].rstrip("/"),
            identifier_systems=tuple(data["identifier_systems"]),
            timeout=timedelta(seconds=data["timeout_seconds"]),
            login=_login(data),
            trust=Trust(*(data.get(name, "") for name in ("ca", "certificate", "certificate_key"))),
            polling=Polling(_duration(data["poll"]), data["owner"]) if "poll" in data else None,
        )


def _duration(text: str) -> timedelta:
    """ISO 8601, in days and what is exact below them."""
    match = _DURATION.fullmatch(text)
    every = timedelta()
    if match:
        days, hours, minutes, seconds = (int(each or 0) for each in match.groups())
        every = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not _OFTENEST <= every <= _RAREST:
        raise ValidationError("allowed: an ISO 8601 duration such as PT15M, from PT10S to P7D", "poll")
    return every


def _login(data: dict[str, Any]) -> Login | None:
    if "client_id" not in data:
        return None
    chosen = {name: data[name] for name in (*_LOGIN, "key_id", "token_url") if name in data}
    return Login(**chosen)


class _File(Schema):
    class Meta:
        unknown = RAISE

    destination = fields.List(
        fields.Nested(_Destination),
        required=True,
        validate=validate.Length(min=1),
        error_messages={"invalid": "allowed: one [[destination]] table for each system"},
    )


def load_destinations(path: Path | None) -> tuple[Destination, ...]:
    """The destinations of a file; none when there is no file.

    Raises:
        Fault: INCORRECT, naming file, key and what is allowed.
    """
    if path is None:
        return ()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        found: tuple[Destination, ...] = tuple(_File().load(raw)["destination"])
    except OSError as error:
        raise fault(Category.INCORRECT, "not-found", f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise fault(Category.INCORRECT, "structure", f"{path} is not TOML: it is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise fault(Category.INCORRECT, "structure", f"{path} is not TOML ({where(error)})") from error
    except ValidationError as error:
        raise Fault(Category.INCORRECT, *_issues(path, error.messages, "")) from error
    _distinct(path, found)
    return tuple(_placed(each, path.parent) for each in found)


def _placed(each: Destination, folder: Path) -> Destination:
    """Files are named from where this one lies."""
    trust = {name: str(folder / file) for name, file in asdict(each.trust).items() if file}
    login = each.login and replace(each.login, private_key=str(folder / each.login.private_key))
    return replace(each, login=login, trust=Trust(**trust))


def _issues(path: Path, messages: Any, key: str) -> list[Issue]:
    if isinstance(messages, dict):
        return [
            issue
            for name, inner in messages.items()
            for issue in _issues(path, inner, f"{key}.{name}" if key else str(name))
        ]
    return [Issue("value", f"{path}: {key}: {' '.join(messages)}")]


def _distinct(path: Path, found: tuple[Destination, ...]) -> None:
    names = [each.name for each in found]
    systems = [system for each in found for system in each.identifier_systems]
    if len(set(names)) < len(names) or len(set(systems)) < len(systems):
        raise fault(
            Category.INCORRECT,
            "duplicate",
            f"{path}: names and identifier_systems must each belong to one destination",
        )
