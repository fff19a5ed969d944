"""The systems that results go to, from a TOML file checked by marshmallow. Only these are dialled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from server.addressing import BASE, System, duration, login, trust
from server.archives import PacsTable
from server.errors import Category, fault
from server.model import Destination, PacsDestination, Polling, Trust
from server.toml import checked

_OWNER = validate.Regexp(
    r"^([A-Z][A-Za-z]{1,39}/[A-Za-z0-9.-]{1,64}|[a-z][a-z0-9+.-]*:[^|,\s]+\|[^|,\s]+)$",
    error="allowed: Type/id over there, or system|value of an identifier",
)


class _Destination(System):
    base = fields.String(required=True, validate=BASE)
    identifier_systems = fields.List(
        fields.String(validate=validate.Length(min=1)), required=True, validate=validate.Length(min=1)
    )
    poll = fields.String()
    owner = fields.String(validate=_OWNER)

    @validates_schema
    def _polled_as_whom(self, data: dict[str, Any], **_: Any) -> None:
        if ("poll" in data) != ("owner" in data):
            raise ValidationError("poll and owner are given together", "owner" if "poll" in data else "poll")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Destination:
        return Destination(
            name=data["name"],
            base=data["base"].rstrip("/"),
            identifier_systems=tuple(data["identifier_systems"]),
            timeout=timedelta(seconds=data["timeout_seconds"]),
            login=login(data),
            trust=trust(data),
            polling=Polling(duration(data["poll"], "poll"), data["owner"]) if "poll" in data else None,
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
    pacs = fields.List(
        fields.Nested(PacsTable),
        load_default=list,
        error_messages={"invalid": "allowed: one [[pacs]] table for each archive"},
    )


def load_destinations(path: Path | None) -> tuple[Destination, ...]:
    """The FHIR servers of a file; none when there is no file.

    Raises:
        Fault: INCORRECT, naming file, key and what is allowed.
    """
    return _load(path)[0]


def load_pacs(path: Path | None) -> tuple[PacsDestination, ...]:
    """The archives of the same file; raises as ``load_destinations``."""
    return _load(path)[1]


def _load(path: Path | None) -> tuple[tuple[Destination, ...], tuple[PacsDestination, ...]]:
    if path is None:
        return (), ()
    listed = checked(path, _File)
    found: list[Destination] = listed["destination"]
    archives: list[PacsDestination] = listed["pacs"]
    _distinct(path, found, archives)
    return (
        tuple(_placed(each, path.parent) for each in found),
        tuple(_archive_placed(each, path.parent) for each in archives),
    )


def _placed(each: Destination, folder: Path) -> Destination:
    """Files are named from where this one lies."""
    login = each.login and replace(each.login, private_key=str(folder / each.login.private_key))
    return replace(each, login=login, trust=_trust_placed(each.trust, folder))


def _archive_placed(each: PacsDestination, folder: Path) -> PacsDestination:
    at = each.at
    if isinstance(at, Destination):
        return replace(each, at=_placed(at, folder))
    return replace(each, at=replace(at, trust=at.trust and _trust_placed(at.trust, folder)))


def _trust_placed(trust: Trust, folder: Path) -> Trust:
    return Trust(**{name: str(folder / file) for name, file in asdict(trust).items() if file})


def _distinct(path: Path, found: Sequence[Destination], archives: Sequence[PacsDestination]) -> None:
    names = [*(each.name for each in found), *(each.name for each in archives)]
    systems = [system for each in found for system in each.identifier_systems]
    if len(set(names)) < len(names) or len(set(systems)) < len(systems):
        raise fault(
            Category.INCORRECT,
            "duplicate",
            f"{path}: names and identifier_systems must each belong to one destination",
        )
    known = {each.name for each in found}
    for number, each in enumerate(archives):
        if not known.issuperset(each.serves):
            text = f"{path}: pacs.{number}.serves: allowed: the name of a [[destination]] of this file"
            raise fault(Category.INCORRECT, "value", text)
