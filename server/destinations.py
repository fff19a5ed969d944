"""The systems that results go to, from a TOML file checked by marshmallow. Only these are dialled."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from server.errors import Category, Fault, Issue, fault
from server.model import Destination
from server.toml import where

_NAME = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,62}$", error="allowed: lower-case letters, digits and hyphens")
_BASE = validate.Regexp(
    r"^https?://[^@?#\s]+$", error="allowed: an http(s) URL without user, query or fragment"
)


class _Destination(Schema):
    class Meta:
        unknown = RAISE

    name = fields.String(required=True, validate=_NAME)
    base = fields.String(required=True, validate=_BASE)
    identifier_systems = fields.List(
        fields.String(validate=validate.Length(min=1)), required=True, validate=validate.Length(min=1)
    )
    timeout_seconds = fields.Float(load_default=30.0, validate=validate.Range(min=0.1, max=300))

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Destination:
        return Destination(
            name=data["name"],
            base=data["base"].rstrip("/"),
            identifier_systems=tuple(data["identifier_systems"]),
            timeout=timedelta(seconds=data["timeout_seconds"]),
        )


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
    return found


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
