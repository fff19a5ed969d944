"""The tables ``reading``, ``contest`` and ``assessment`` of a policy: what is owed to people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from marshmallow import ValidationError, post_load, validates_schema

from server.model import AssessmentRules, ContestRules, ReadingRules
from server.routing.schema import Strict, duration, text

_WHO = "must say who it is, in words on one line"
_NONE = r"\x00-\x1f\x7f\u2028-\u202e\u2066-\u2069"
"""Control characters, other ends of lines, and what turns the direction of the text beside it."""
_LINE = rf"[^\s{_NONE}](?:[^{_NONE}]{{0,198}}[^\s{_NONE}])?"
_RECORDS = "must be shorter than answer_within: first it is known what is read, and then it is read"
_URGENT = "must not be longer than answer_within"
_LATER = "must be longer than remind_after: the clinician is reminded before somebody else is told"


class ReadingSchema(Strict):
    """How a result is chased until somebody says that they have read it; left out: it is not."""

    SENTENCE: ClassVar = "must be a table: remind_after, remind_every, escalate_after, coordinator"

    remind_after = duration()
    remind_every = duration()
    escalate_after = duration()
    coordinator = text(_LINE, _WHO)

    @validates_schema(skip_on_field_errors=True)
    def _in_turn(self, data: dict[str, timedelta], **_: Any) -> None:
        if data["escalate_after"] <= data["remind_after"]:
            raise ValidationError(_LATER, "escalate_after")

    @post_load
    def _rules(self, data: dict[str, Any], **_: Any) -> ReadingRules:
        return ReadingRules(**data)


class ContestSchema(Strict):
    """Who decides a contest, and within which time; left out: the medical director, 7 days."""

    SENTENCE: ClassVar = "must be a table: accountable and decide_within"

    accountable = text(_LINE, _WHO)
    decide_within = duration()

    @post_load
    def _rules(self, data: dict[str, Any], **_: Any) -> ContestRules:
        return ContestRules(**data)


class AssessmentSchema(Strict):
    """Within which time a patient's assessment is owed; what is left out is as the model has it."""

    SENTENCE: ClassVar = (
        "must be a table: acknowledge_within, records_within, answer_within, answer_within_urgent"
    )

    acknowledge_within = duration(required=False)
    records_within = duration(required=False)
    answer_within = duration(required=False)
    answer_within_urgent = duration(required=False)

    @post_load
    def _rules(self, data: dict[str, Any], **_: Any) -> AssessmentRules:
        rules = AssessmentRules(**data)
        if rules.records_within >= rules.answer_within:
            raise ValidationError(_RECORDS, "records_within")
        if rules.answer_within_urgent > rules.answer_within:
            raise ValidationError(_URGENT, "answer_within_urgent")
        return rules
