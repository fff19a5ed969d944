"""Policy files: one TOML file for each question, checked key by key before anything uses it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from server.errors import Category, Fault, Issue, fault
from server.model import Clock, Grounds, ImageRules, Late, Policy, PriorRules, Reveal, Urgency
from server.routing.band_schema import (
    PATHWAY,
    BandSchema,
    ConfidentSchema,
    ThresholdsSchema,
    amiss,
    pathway,
)
from server.routing.drift_schema import DriftSchema
from server.routing.gate_schema import GateSchema, unfit
from server.routing.requirements import CodingSchema, MatchingSchema
from server.routing.rights_schema import AssessmentSchema, ContestSchema, ReadingSchema
from server.routing.rules import RULES, asked_under
from server.routing.schema import Strict, allowed, complaints, duration, share, text, truth
from server.routing.stop_schema import StopSchema
from server.toml import where

REASONS = tuple(each.value for each in Grounds)
"""Why a case goes to a specialist; a policy gives each that its rules know its urgency."""
_ALWAYS = asked_under("P1")
"""Required of every policy: each is known to more rules than one, and they all have one urgency."""

_RULE = f"must be one of: {', '.join(RULES)}"
_URGENCY = f"must be one of: {', '.join(Urgency)}"
_SPECIALTIES = "must be a list of specialties, best first, at least one and none twice"
_ALIKE = "must give every reason the same urgency: a specialist sees it, and it would tell why they are asked"
_REVEAL = f"must be one of: {', '.join(Reveal)}"
_LATE = f"must be one of: {', '.join(Late)}"
_MODALITY = "must be a modality of DICOM, such as CR"
_DAYS = "must be a number of days from 1 to 36500"
_SOME = "must be a number of studies from 1 to 20"
_PRIORS = "must be a table: within_days, at_most, modalities, and wait, a duration"
_CONFIRMATION = "must be given: a rule of this policy has a specialist confirm what both readers say"
_CLOCKS = "must give a clock for every urgency that is used above"


class ClockSchema(Strict):
    """One table under ``clocks``."""

    accept_within = duration()
    answer_within = duration()

    @post_load
    def _clock(self, data: dict[str, timedelta], **_: Any) -> Clock:
        return Clock(**data)


class PriorsSchema(Strict):
    """The table ``images.priors``."""

    within_days = fields.Integer(
        strict=True,
        required=True,
        validate=validate.Range(1, 36_500, error=_DAYS),
        error_messages=allowed(_DAYS),
    )
    at_most = fields.Integer(
        strict=True, required=True, validate=validate.Range(1, 20, error=_SOME), error_messages=allowed(_SOME)
    )
    modalities = fields.List(
        fields.String(validate=validate.Regexp(r"[A-Z]{2,16}\Z", error=_MODALITY)),
        load_default=list,
        error_messages=allowed("must be a list of modalities of DICOM, such as CR; left out: any"),
    )
    wait = duration()

    @post_load
    def _rules(self, data: dict[str, Any], **_: Any) -> PriorRules:
        return PriorRules(**{**data, "modalities": tuple(data["modalities"])})


class ImagesSchema(Strict):
    """The table ``images``."""

    quiet_study = duration()
    quiet_series = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"[A-Z]{2,16}\Z", error=_MODALITY)),
        values=duration(),
        load_default=dict,
        error_messages=allowed("must be a table: a modality, such as CT, and a duration"),
    )
    complete_within = duration()
    when_late = fields.Enum(Late, by_value=True, required=True, error_messages=allowed(_LATE))
    priors = fields.Nested(PriorsSchema, error_messages=allowed(_PRIORS))

    @post_load
    def _rules(self, data: dict[str, Any], **_: Any) -> ImageRules:
        return ImageRules(**data)


UrgencySchema = Strict.from_dict(
    {
        each.value: fields.Enum(
            Urgency, by_value=True, required=each in _ALWAYS, error_messages=allowed(_URGENCY)
        )
        for each in Grounds
    },
    name="UrgencySchema",
)
ClocksSchema = Strict.from_dict(
    {urgency.value: fields.Nested(ClockSchema) for urgency in Urgency}, name="ClocksSchema"
)


class PolicySchema(Strict):
    """The whole file."""

    question = text("[a-z0-9]+(-[a-z0-9]+)*", "must be small letters and digits, joined by hyphens")
    version = text(r"[0-9]+\.[0-9]+\.[0-9]+", "must be three numbers joined by dots, such as '1.0.0'")
    rule = text("|".join(RULES), _RULE)
    pathway = pathway(PATHWAY)
    confident = fields.Nested(ConfidentSchema, error_messages=allowed(ConfidentSchema.SENTENCE))
    thresholds = fields.Nested(ThresholdsSchema, error_messages=allowed(ThresholdsSchema.SENTENCE))
    bands = fields.List(
        fields.Nested(BandSchema), load_default=list, error_messages=allowed(BandSchema.SENTENCE)
    )
    audit_fraction = share()
    incomplete_for = duration()
    first_read_within = duration()
    deliver_for = duration()
    specialties = fields.List(
        fields.Nested(CodingSchema), required=True, error_messages=allowed(_SPECIALTIES)
    )
    urgency = fields.Nested(
        UrgencySchema, required=True, error_messages=allowed(f"must be a table with: {', '.join(REASONS)}")
    )
    clocks = fields.Nested(ClocksSchema, required=True, error_messages=allowed(_CLOCKS))
    images = fields.Nested(
        ImagesSchema, error_messages=allowed("must be a table: when a study counts as complete")
    )
    reveal = fields.Enum(Reveal, by_value=True, load_default=Reveal.ALWAYS, error_messages=allowed(_REVEAL))
    final_within = duration(required=False)
    matching = fields.Nested(
        MatchingSchema, error_messages=allowed("must be a table: what is demanded of a specialist")
    )
    reading = fields.Nested(ReadingSchema, error_messages=allowed(ReadingSchema.SENTENCE))
    contest = fields.Nested(ContestSchema, error_messages=allowed(ContestSchema.SENTENCE))
    assessment = fields.Nested(AssessmentSchema, error_messages=allowed(AssessmentSchema.SENTENCE))
    notice = truth("must be true or false: whether patients are told with the result how they were read")

    stop = fields.Nested(StopSchema, error_messages=allowed(StopSchema.SENTENCE))
    drift = fields.Nested(DriftSchema, error_messages=allowed(DriftSchema.SENTENCE))
    gate = fields.Nested(GateSchema, error_messages=allowed(GateSchema.SENTENCE))

    @validates_schema(skip_on_field_errors=True)
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        distinct = {(each.system, each.code) for each in data["specialties"]}
        if not distinct or len(distinct) < len(data["specialties"]):
            raise ValidationError(_SPECIALTIES, "specialties")
        if len(set(data["urgency"].values())) > 1:  # S2.4, S2.5: not told why, audits look like the others
            raise ValidationError(_ALIKE, "urgency")
        for key, sentence in (*amiss(data), *unfit(data)):
            raise ValidationError(sentence, key)
        rules = {data["rule"], *(each.rule for each in data["bands"] if each.rule)}
        if any(Grounds.CONFIRMATION in asked_under(rule) for rule in rules) and (
            Grounds.CONFIRMATION not in data["urgency"]
        ):
            raise ValidationError({Grounds.CONFIRMATION.value: [_CONFIRMATION]}, "urgency")
        if {urgency.value for urgency in data["urgency"].values()} - data["clocks"].keys():
            raise ValidationError(_CLOCKS, "clocks")


def read_policy(content: str, name: str) -> Policy:
    """The policy in one file's text; ``name`` is the file's, for messages.

    Raises:
        Fault: INCORRECT, one issue for each wrong key: file, key, what is allowed there.
    """
    try:
        found = PolicySchema().load(tomllib.loads(content))
    except tomllib.TOMLDecodeError as error:
        raise _refused(name, f"is not TOML ({where(error)})") from error
    except ValidationError as error:
        told = complaints(error.messages)
        issues = [Issue("value", f"policy file {name}, key {key}: {words}", key) for key, words in told]
        raise Fault(Category.INCORRECT, *issues) from error
    found["clocks"] = {Urgency(urgency): clock for urgency, clock in found["clocks"].items()}
    found["specialties"], found["bands"] = tuple(found["specialties"]), tuple(found["bands"])
    return Policy(**found)


def load_policies(folder: Path) -> Mapping[str, Policy]:
    """Question -> policy, from every ``*.toml`` of a folder.

    Raises:
        Fault: INCORRECT, naming file, key and what is allowed; also when there is no file, or one
            is not called after its question (so that no question can have two policies).
    """
    policies = {path.stem: _load(path) for path in sorted(folder.glob("*.toml"))}
    if not policies:
        raise _refused(f"{folder.name}/*.toml", "does not exist; there must be one for each question")
    return policies


def _load(path: Path) -> Policy:
    try:
        policy = read_policy(path.read_text(encoding="utf-8"), path.name)
    except UnicodeDecodeError as error:
        raise _refused(path.name, "is not UTF-8 text") from error
    except OSError as error:
        raise _refused(path.name, f"cannot be read: {error.strerror}") from error
    if policy.question != path.stem:
        raise _refused(path.name, "must be called after its question, <question>.toml")
    return policy


def _refused(name: str, sentence: str) -> Fault:
    return fault(Category.INCORRECT, "value", f"policy file {name} {sentence}")
