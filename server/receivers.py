"""The [[hl7v2]] tables of the destinations file: systems that are told in HL7 v2, and how."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from server.addressing import GIVEN, NAME, System, trust
from server.archives import HOST
from server.model import AckMode, AssignedBy, Hl7Destination, Hl7Kind, Hl7Terms, Trust

VERSIONS = ("2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8")
CHARACTER_SETS = ("ASCII", "UNICODE UTF-8", *(f"8859/{each}" for each in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)))
_ID_TYPES = ("DNS", "EUI64", "GUID", "ISO", "URI", "UUID", "L", "M", "N")
"""Table 0301, as far as it names authorities."""
_WORD = validate.Regexp(
    r"^[!-%'-\[\]_`a-{}]([ -%'-\[\]_`a-{}]{0,178}[!-%'-\[\]_`a-{}])?$",
    error="allowed: printable ASCII without | ^ & ~ \\",
)
_CONTROL = validate.OneOf(("P", "T", "D"), error="allowed: P, T, D")
_LOGIN = ("client_id", "private_key", "key_id", "scopes", "token_url")


def _one_of(*choices: str) -> validate.OneOf:
    return validate.OneOf(choices, error=f"allowed: {', '.join(choices)}")


class AuthorityTable(Schema):
    """By which assigning authority the system knows an identifier system."""

    class Meta:
        unknown = RAISE

    system = fields.String(required=True, validate=GIVEN)
    namespace = fields.String(validate=_WORD)
    universal_id = fields.String(validate=_WORD)
    universal_id_type = fields.String(validate=_one_of(*_ID_TYPES))

    @validates_schema
    def _named(self, data: dict[str, Any], **_: Any) -> None:
        """HD: a namespace, or a universal id with its type, or both (HL7 v2 section 2.A.33)."""
        if "namespace" not in data and "universal_id" not in data:
            raise ValidationError("needed: namespace, or universal_id with its type, or both", "namespace")
        if ("universal_id" in data) != ("universal_id_type" in data):
            raise ValidationError(
                "universal_id and universal_id_type are given together", "universal_id_type"
            )

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> AssignedBy:
        return AssignedBy(**data)


class ReceiverTable(System):
    """One system, by its MLLP address."""

    serves = fields.List(fields.String(validate=NAME), load_default=list)
    identifier_systems = fields.List(fields.String(validate=GIVEN), load_default=list)
    accepts = fields.List(
        fields.String(validate=_one_of(*Hl7Kind)),
        required=True,
        validate=validate.Length(min=1, error="allowed: one or more"),
    )
    host = fields.String(required=True, validate=HOST)
    port = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=65535))
    tls = fields.Boolean(truthy={True}, falsy={False})
    sending_application = fields.String(load_default="SECONDREAD", validate=_WORD)
    sending_facility = fields.String(load_default="", validate=_WORD)
    receiving_application = fields.String(required=True, validate=_WORD)
    receiving_facility = fields.String(load_default="", validate=_WORD)
    version = fields.String(load_default="2.5.1", validate=_one_of(*VERSIONS))
    character_set = fields.String(load_default="UNICODE UTF-8", validate=_one_of(*CHARACTER_SETS))
    processing = fields.String(load_default="P", validate=_CONTROL)
    mode = fields.String(load_default=AckMode.ENHANCED.value, validate=_one_of(*AckMode))
    application_answer = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    probability = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    authority = fields.List(
        fields.Nested(AuthorityTable),
        load_default=list,
        error_messages={"invalid": "allowed: one [[hl7v2.authority]] table for each identifier system"},
    )

    @validates_schema
    def _whose(self, data: dict[str, Any], **_: Any) -> None:
        if not data["serves"] and not data["identifier_systems"]:
            raise ValidationError("needed: serves, or identifier_systems of its own", "serves")
        if data.get("tls") is False and "ca" in data:
            raise ValidationError("allowed: true, or no certificates", "tls")
        if given := [each for each in _LOGIN if each in data]:
            raise ValidationError("MLLP knows no login; allowed: ca, certificate, certificate_key", given[0])

    @validates_schema
    def _spoken(self, data: dict[str, Any], **_: Any) -> None:
        if {Hl7Kind.REF, Hl7Kind.OML} <= set(data.get("accepts", ())):
            raise ValidationError("allowed: ref or oml, for each is a referral", "accepts")
        if Hl7Kind.OML in data.get("accepts", ()) and data.get("version") in VERSIONS[:2]:
            raise ValidationError("oml is written from 2.5 on; allowed: oru, ref", "accepts")
        if data.get("application_answer") and data.get("mode") == AckMode.ORIGINAL:
            text = "allowed in enhanced mode; in original mode the one answer is the application's"
            raise ValidationError(text, "application_answer")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Hl7Destination:
        secured = data.get("tls", False) or trust(data) != Trust()
        return Hl7Destination(
            name=data["name"],
            serves=tuple(data["serves"]),
            identifier_systems=tuple(data["identifier_systems"]),
            accepts=frozenset(Hl7Kind(each) for each in data["accepts"]),
            host=data["host"],
            port=data["port"],
            timeout=timedelta(seconds=data["timeout_seconds"]),
            terms=_terms(data),
            trust=trust(data) if secured else None,
        )


def _terms(data: dict[str, Any]) -> Hl7Terms:
    return Hl7Terms(
        sender=(data["sending_application"], data["sending_facility"]),
        receiver=(data["receiving_application"], data["receiving_facility"]),
        version=data["version"],
        character_set=data["character_set"],
        processing=data["processing"],
        mode=AckMode(data["mode"]),
        application_answer=data["application_answer"],
        probability=data["probability"],
        authorities=tuple(data["authority"]),
    )
