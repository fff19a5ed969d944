"""The systems that may come in, from a TOML file checked by marshmallow. Nobody registers itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from server.access.jwks import usable
from server.caller import Scope, scopes_of
from server.errors import Category, fault
from server.toml import checked

ROLES = ("auditor", "operator")
_ID = validate.Regexp(
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", error="allowed: 1 to 64 letters, digits, dots, hyphens, underscores"
)
_NAME = validate.Length(min=1, max=160, error="allowed: 1 to 160 characters")
_SPEAKS_FOR = validate.Regexp(
    r"^(Organization|Practitioner|PractitionerRole|Device)/[A-Za-z0-9.-]{1,64}$",
    error="allowed: Organization/id, Practitioner/id, PractitionerRole/id, Device/id",
)
_HTTP = ("http:", "https:")
_URL = validate.Regexp(
    r"^(https://|http://(127\.0\.0\.1|\[::1\]|localhost)[:/])[^@?#\s]+$",
    error="allowed: a file path, or an https URL without user, query or fragment (http on this machine only)",
)


@dataclass(frozen=True, slots=True)
class Client:
    """One registered system."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    """What it may be granted at most."""
    roles: frozenset[str]
    speaks_for: frozenset[str]
    jwks: str
    """Where its keys are: a URL, or the path of a file."""

    @property
    def by_url(self) -> bool:
        return self.jwks.startswith(_HTTP)


class _Client(Schema):
    class Meta:
        unknown = RAISE

    client_id = fields.String(required=True, validate=_ID)
    name = fields.String(required=True, validate=_NAME)
    scopes = fields.String(required=True)
    roles = fields.List(
        fields.String(validate=validate.OneOf(ROLES, error="allowed: {choices}")), load_default=list
    )
    speaks_for = fields.List(fields.String(validate=_SPEAKS_FOR), load_default=list)
    jwks = fields.String(required=True, validate=validate.Length(min=1, error="allowed: a file or a URL"))

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Client:
        if data["jwks"].startswith(_HTTP):
            _named("jwks", lambda: _URL(data["jwks"]))
        return Client(
            id=data["client_id"],
            name=data["name"],
            scopes=_scopes(data["scopes"]),
            roles=frozenset(data["roles"]),
            speaks_for=frozenset(data["speaks_for"]),
            jwks=data["jwks"],
        )


class _File(Schema):
    class Meta:
        unknown = RAISE

    client = fields.List(
        fields.Nested(_Client),
        required=True,
        validate=validate.Length(min=1, error="allowed: one [[client]] table or more"),
        error_messages={"invalid": "allowed: one [[client]] table for each system"},
    )


def _named(key: str, check: Any) -> None:
    try:
        check()
    except ValidationError as error:
        raise ValidationError(error.messages, key) from error


def _scopes(text: str) -> tuple[Scope, ...]:
    try:
        scopes = scopes_of(text)
    except ValueError as error:
        raise ValidationError(f"not usable: {error}", "scopes") from error
    if not scopes:
        raise ValidationError("allowed: one scope or more, such as system/Task.rs", "scopes")
    return scopes


def load_clients(path: Path | None) -> Mapping[str, Client]:
    """The clients of a file by client_id; none when there is no file: then nobody is told apart.

    Raises:
        Fault: INCORRECT, naming file, key and what is allowed.
    """
    if path is None:
        return {}
    listed: list[Client] = checked(path, _File)["client"]
    if len({each.id for each in listed}) < len(listed):
        raise fault(Category.INCORRECT, "duplicate", f"{path}: each client_id belongs to one client")
    return {each.id: _placed(each, path, number) for number, each in enumerate(listed)}


def _placed(client: Client, path: Path, number: int) -> Client:
    """A file of keys is named from where the clients file lies, and must hold a key that can be used."""
    if client.by_url:
        return client
    file = path.parent / client.jwks
    where = f"{path}: client.{number}.jwks"
    try:
        keys = usable(file.read_bytes())
    except OSError as error:
        text = f"{where}: {file} cannot be read: {error.strerror}"
        raise fault(Category.INCORRECT, "not-found", text) from error
    except ValueError as error:
        raise fault(Category.INCORRECT, "structure", f"{where}: {file}: {error}") from error
    if not keys:
        text = "allowed: keys with a kid, RSA of 2048 bits or more for RS384, EC P-384 for ES384"
        raise fault(Category.INCORRECT, "value", f"{where}: {file} holds no usable key; {text}")
    return replace(client, jwks=str(file))
