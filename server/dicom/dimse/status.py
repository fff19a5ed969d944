"""The one place where our categories become statuses (PS3.7 annex C, PS3.4 tables B.2-1, C.4-1 to C.4-3)."""

from __future__ import annotations

from enum import IntEnum

from server.errors import Category


class Status(IntEnum):
    """What a response says became of its request."""

    SUCCESS = 0x0000
    PENDING = 0xFF00
    PENDING_WITHOUT_SOME_KEYS = 0xFF01
    CANCELLED = 0xFE00
    INVALID_ATTRIBUTE = 0x0106
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_INSTANCE = 0x0111
    NO_SUCH_INSTANCE = 0x0112
    INVALID_ARGUMENT = 0x0115
    MISSING_ATTRIBUTE = 0x0120
    MISSING_VALUE = 0x0121
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    NOT_AUTHORIZED = 0x0124
    UNRECOGNIZED_OPERATION = 0x0211
    OUT_OF_RESOURCES = 0xA700
    DOES_NOT_MATCH = 0xA900
    NOT_PERFORMED = 0xA702
    UNKNOWN_DESTINATION = 0xA801
    SOME_FAILED = 0xB000
    CANNOT_UNDERSTAND = 0xC000


_OF_CATEGORY = {
    Category.INCORRECT: Status.CANNOT_UNDERSTAND,
    Category.UNPROCESSABLE: Status.DOES_NOT_MATCH,
    Category.UNAUTHENTICATED: Status.NOT_AUTHORIZED,
    Category.FORBIDDEN: Status.NOT_AUTHORIZED,
    Category.NOT_FOUND: Status.INVALID_ARGUMENT,
    Category.GONE: Status.PROCESSING_FAILURE,
    Category.CONFLICT: Status.PROCESSING_FAILURE,
    Category.STALE: Status.PROCESSING_FAILURE,
    Category.NOT_ALLOWED: Status.UNRECOGNIZED_OPERATION,
    Category.UNSUPPORTED: Status.SOP_CLASS_NOT_SUPPORTED,
    Category.NOT_ACCEPTABLE: Status.PROCESSING_FAILURE,
    Category.TOO_LARGE: Status.OUT_OF_RESOURCES,
    Category.BUSY: Status.OUT_OF_RESOURCES,
    Category.UNAVAILABLE: Status.OUT_OF_RESOURCES,
    Category.BROKEN: Status.PROCESSING_FAILURE,
}


def status_of(category: Category) -> Status:
    return _OF_CATEGORY[category]
