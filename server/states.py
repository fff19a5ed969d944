"""The words of the law: where a case stands, what happens to it, and how its two tracks stand."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    INCOMPLETE = "incomplete"
    READY = "ready"
    COMPARED = "compared"
    CONCORDANT = "concordant"
    AUDIT = "audit"
    CONFIRMATION = "confirmation"
    DISCORDANT = "discordant"
    STANDS = "stands"
    DECLINED = "declined"
    NOT_COMPARABLE = "not-comparable"
    REFERRED = "referred"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    BLIND_READ = "blind-read"
    RESOLVED = "resolved"
    WRITTEN_UP = "written-up"
    CLOSED = "closed"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    FAULTED = "faulted"
    UNRESOLVED = "unresolved"
    RETRACTED = "retracted"


class Event(StrEnum):
    """What happened to a case."""

    OPENED = "opened"
    FOUND_INCOMPLETE = "found incomplete"
    FOUND_COMPLETE = "found complete"
    EVIDENCE_CAME = "evidence came"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    TIME_RAN_OUT = "time ran out"
    AI_SEALED = "AI read sealed"
    AI_DECLINED = "AI declined"
    AI_NOT_ASKED = "no AI asked"
    AI_VOIDED = "AI read voided"
    AI_BARRED = "AI barred by the patient"
    FIRST_READ_LOCKED = "first read locked"
    FIRST_READ_CORRECTED = "first read corrected"
    FIRST_READ_WITHDRAWN = "first report withdrawn"
    FIRST_READ_CORRECTED_LATE = "first report corrected late"
    FIRST_READ_WITHDRAWN_LATE = "first report withdrawn late"
    IMAGES_LATE = "images late"
    COMPARED = "compared"
    AGREED = "agreed"
    AUDIT_DRAWN = "drawn for audit"
    CONFIRMATION_ASKED = "confirmation asked by the rule"
    DIFFERED = "differed"
    LEFT_STANDING = "left standing by the rule"
    NO_AI_ANSWER = "no AI answer"
    NO_HUMAN_ANSWER = "no comparable human answer"
    REFERRED = "referred"
    OFFERED = "offered"
    OFFER_ACCEPTED = "offer accepted"
    OFFER_DECLINED = "offer declined"
    OFFER_EXPIRED = "offer expired"
    ANSWER_OVERDUE = "answer overdue"
    ANSWER_NOT_USABLE = "answer not usable"
    SPECIALIST_SIGNED = "specialist signed"
    RESOLVED = "resolved"
    WRITTEN_UP = "written up"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"
    HELD = "held for a person"
    GAVE_UP = "gave up"
    RESUMED = "resumed by a person"
    ENDED = "ended by a person"
    REPORTED_WITHOUT_AI = "written up without AI"
    OPINION_WITHDRAWN = "opinion withdrawn"
    TAKEN_BACK = "taken back undelivered"
    STOP_REFUSED = "stop refused"


class First(StrEnum):
    """The human track."""

    AWAITED = "awaited"
    LOCKED = "locked"


class Ai(StrEnum):
    """The model's track; released when the opinion is written up."""

    AWAITED = "awaited"
    SEALED = "sealed"
    DECLINED = "declined"
    NOT_ASKED = "not-asked"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
