"""A ``[[link]]`` table of the links file, and the tables within: checked by marshmallow, read into a Link."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from server.hl7v2.link import Asked, Authority, Bare, Link, LocalCode, Meaning, Named, Reused
from server.hl7v2.text import charsets

_NAME = validate.Regexp(
    r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", error="allowed: 1 to 40 letters, digits, - and _"
)
_LABEL = validate.Regexp(
    r"^[ -{}~]{0,227}$", error="allowed: up to 227 ASCII characters (HD, HL7 v2.8 section 2A.3.39)"
)
_URI = validate.Regexp(r"^([a-z][a-z0-9+.-]*:\S+)?$", error="allowed: a URI")
_FINGERPRINT = validate.Regexp(
    r"^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$",
    error="allowed: the SHA-256 of a certificate (openssl x509 -noout -fingerprint -sha256)",
)
_KIND = validate.Regexp(r"^[A-Z]{3}\^[A-Z][A-Z0-9]{2}$", error="allowed: message types such as ADT^A08")
_FIELD = validate.Regexp(r"^[A-Z][A-Z0-9]{2}-[1-9]\d?$", error="allowed: fields such as PID-11")
_SOME = validate.Length(min=1, error="allowed: one or more")
_GIVEN = validate.Length(1, 200, error="allowed: 1 to 200 characters")


def _one_of(allowed: Sequence[str]) -> validate.OneOf:
    return validate.OneOf(allowed, error=f"allowed: {', '.join(allowed)}")


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValidationError("allowed: a time zone of IANA's database such as Europe/Vienna") from error


class Table(Schema):
    class Meta:
        unknown = RAISE


class _Named(Table):
    application = fields.String(load_default="", validate=_LABEL)
    facility = fields.String(load_default="", validate=_LABEL)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Named:
        return Named(**data)


class _Authority(Table):
    namespace = fields.String(load_default="", validate=_LABEL)
    universal_id = fields.String(load_default="", validate=_LABEL)
    system = fields.String(required=True, validate=[_GIVEN, _URI])

    @validates_schema
    def _named(self, data: dict[str, Any], **_: Any) -> None:
        if not (data["namespace"] or data["universal_id"]):
            raise ValidationError("allowed: a namespace, a universal_id, or both", "namespace")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Authority:
        return Authority(**data)


class _Local(Table):
    code = fields.String(required=True, validate=_GIVEN)
    system = fields.String(load_default="")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> LocalCode:
        return LocalCode(**data)


class _Asked(Table):
    question = fields.String(required=True, validate=_GIVEN)
    codes = fields.List(fields.Nested(_Local), required=True, validate=_SOME)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Asked:
        return Asked(data["question"], tuple(data["codes"]))


class _Meaning(Table):
    local = fields.Nested(_Local, required=True)
    system = fields.String(required=True, validate=[_GIVEN, _URI])
    code = fields.String(required=True, validate=_GIVEN)
    display = fields.String(load_default="")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Meaning:
        return Meaning(**data)


def _tables(schema: type[Schema], name: str) -> fields.List[Any]:
    return fields.List(
        fields.Nested(schema),
        load_default=list,
        error_messages={"invalid": f"allowed: one [[{name}]] table for each"},
    )


def _texts(allowed: Any) -> fields.List[Any]:
    return fields.List(fields.String(validate=allowed), validate=_SOME)


class LinkTable(Table):
    """What is not said in a table keeps the default of ``Link``."""

    name = fields.String(required=True, validate=_NAME)
    sender = fields.Nested(_Named, required=True)
    addresses = fields.List(fields.String(), required=True, validate=_SOME)
    certificates = _texts(_FINGERPRINT)
    receiver = fields.Nested(_Named)
    processing = _texts(_one_of(("D", "P", "T")))
    messages = _texts(_KIND)
    character_set = fields.String(validate=_one_of(charsets.NAMES))
    strict = fields.Boolean(truthy={True}, falsy={False})
    reused_control_id = fields.Enum(Reused, by_value=True)
    batches = fields.Boolean(truthy={True}, falsy={False})
    answers_to = fields.String(validate=_GIVEN)
    order_system = fields.String(validate=_URI)
    filler_system = fields.String(validate=_URI)
    accession_system = fields.String(validate=_URI)
    patient_system = fields.String(validate=_URI)
    bare_patient_ids = fields.Enum(Bare, by_value=True)
    provider_system = fields.String(validate=_URI)
    authority = _tables(_Authority, "link.authority")
    null_deletes = _texts(_FIELD)
    asks = _tables(_Asked, "link.asks")
    meaning = _tables(_Meaning, "link.meaning")
    zone = fields.String(validate=_zone)

    @validates_schema
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("bare_patient_ids") is Bare.OURS and not data.get("patient_system"):
            raise ValidationError("allowed: ours where patient_system is given", "bare_patient_ids")
        named = [(each.namespace, each.universal_id) for each in data["authority"]]
        if len(set(named)) < len(named):
            raise ValidationError("allowed: each authority once", "authority")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Link:
        try:
            data["addresses"] = tuple(ipaddress.ip_network(each) for each in data["addresses"])
        except ValueError as error:
            text = "allowed: addresses and networks such as 10.1.2.3 and 10.1.2.0/24"
            raise ValidationError(text, "addresses") from error
        shown = data.pop("certificates", ())
        for name in ("processing", "messages", "null_deletes"):
            data |= {name: frozenset(data[name])} if name in data else {}
        data["certificates"] = frozenset(each.replace(":", "").lower() for each in shown)
        for name, plural in (("authority", "authorities"), ("asks", "asks"), ("meaning", "meanings")):
            data[plural] = tuple(data.pop(name))
        return Link(**data)
