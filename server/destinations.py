"""The systems that results go to, from a TOML file checked by marshmallow. Only these are dialled."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from server.addressing import BASE, System, duration, login, trust
from server.archives import PacsTable
from server.errors import Category, fault
from server.model import Destination, Hl7Destination, PacsDestination, Polling, Trust
from server.receivers import ReceiverTable
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


@dataclass(frozen=True, slots=True)
class _Systems:
    """Everybody whom the file names."""

    fhir: tuple[Destination, ...] = ()
    archives: tuple[PacsDestination, ...] = ()
    receivers: tuple[Hl7Destination, ...] = ()
    """Told in HL7 v2."""


class _File(Schema):
    class Meta:
        unknown = RAISE

    destination = fields.List(
        fields.Nested(_Destination),
        load_default=list,
        error_messages={"invalid": "allowed: one [[destination]] table for each system"},
    )
    pacs = fields.List(
        fields.Nested(PacsTable),
        load_default=list,
        error_messages={"invalid": "allowed: one [[pacs]] table for each archive"},
    )
    hl7v2 = fields.List(
        fields.Nested(ReceiverTable),
        load_default=list,
        error_messages={"invalid": "allowed: one [[hl7v2]] table for each system"},
    )

    @validates_schema(skip_on_field_errors=False)
    def _somebody(self, data: dict[str, Any], **_: Any) -> None:
        """Archives and what is told beside a FHIR server have no cases of their own."""
        told = data.get("hl7v2", ())
        if not data.get("destination", True) and not any(
            getattr(each, "identifier_systems", True) for each in told
        ):
            text = "required: one [[destination]], or one [[hl7v2]] with identifier_systems, or more"
            raise ValidationError(text, "destination")


def load_destinations(path: Path | None) -> tuple[Destination, ...]:
    """The FHIR servers of a file; none when there is no file.

    Raises:
        Fault: INCORRECT, naming file, key and what is allowed.
    """
    return _load(path).fhir


def load_pacs(path: Path | None) -> tuple[PacsDestination, ...]:
    """The archives of the same file; raises as ``load_destinations``."""
    return _load(path).archives


def load_receivers(path: Path | None) -> tuple[Hl7Destination, ...]:
    """Who is told in HL7 v2, of the same file; raises as ``load_destinations``."""
    return _load(path).receivers


def _load(path: Path | None) -> _Systems:
    if path is None:
        return _Systems()
    listed = checked(path, _File)
    found = _Systems(tuple(listed["destination"]), tuple(listed["pacs"]), tuple(listed["hl7v2"]))
    _distinct(path, found)
    _known(path, found)
    return _Systems(
        tuple(_placed(each, path.parent) for each in found.fhir),
        tuple(_archive_placed(each, path.parent) for each in found.archives),
        tuple(_receiver_placed(each, path.parent) for each in found.receivers),
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


def _receiver_placed(each: Hl7Destination, folder: Path) -> Hl7Destination:
    return replace(each, trust=each.trust and _trust_placed(each.trust, folder))


def _trust_placed(trust: Trust, folder: Path) -> Trust:
    return Trust(**{name: str(folder / file) for name, file in asdict(trust).items() if file})


def _distinct(path: Path, found: _Systems) -> None:
    names = [
        *(each.name for each in found.fhir),
        *(each.name for each in found.archives),
        *(each.name for each in found.receivers),
    ]
    owned = (each.identifier_systems for some in (found.fhir, found.receivers) for each in some)
    systems = [system for each in owned for system in each]
    if len(set(names)) < len(names) or len(set(systems)) < len(systems):
        raise fault(
            Category.INCORRECT,
            "duplicate",
            f"{path}: names and identifier_systems must each belong to one destination",
        )


def _known(path: Path, found: _Systems) -> None:
    fhir = {each.name for each in found.fhir}
    homes = fhir | {each.name for each in found.receivers}
    archives = [(f"pacs.{n}", each.serves, homes) for n, each in enumerate(found.archives)]
    receivers = [(f"hl7v2.{n}", each.serves, fhir) for n, each in enumerate(found.receivers)]
    for place, serves, known in (*archives, *receivers):
        if not known.issuperset(serves):
            or_told = ", or of an [[hl7v2]]" if known is homes else ""
            text = f"{path}: {place}.serves: allowed: the name of a [[destination]]{or_told} of this file"
            raise fault(Category.INCORRECT, "value", text)
