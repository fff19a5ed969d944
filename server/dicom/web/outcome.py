"""The one place where our categories become what this door says: HTTP statuses, and reasons for each object.

PS3.18 section 8.5 and table 10.5.1-1 (statuses), PS3.18 I.2.2 and PS3.7 annex C (Failure Reason).
"""

from __future__ import annotations

import json

from server.errors import Category, Fault
from server.http_status import STATUS

PROCESSING_FAILURE, CLASS_NOT_SUPPORTED, SYNTAX_NOT_SUPPORTED = 0x0110, 0x0122, 0xC122
OUT_OF_RESOURCES, DOES_NOT_MATCH, CANNOT_UNDERSTAND = 0xA700, 0xA900, 0xC000
REASONS = {
    Category.INCORRECT: CANNOT_UNDERSTAND,
    Category.UNPROCESSABLE: DOES_NOT_MATCH,
    Category.UNSUPPORTED: SYNTAX_NOT_SUPPORTED,
    Category.TOO_LARGE: OUT_OF_RESOURCES,
    Category.BUSY: OUT_OF_RESOURCES,
    Category.UNAVAILABLE: OUT_OF_RESOURCES,
}
"""Failure Reason (0008,1197) of an object; of what is not here, Processing failure."""


def reason(category: Category) -> int:
    return REASONS.get(category, PROCESSING_FAILURE)


def of(failure: Fault) -> tuple[int, bytes]:
    """(HTTP status, body): an R4 OperationOutcome, which a person and a program can read alike."""
    issues = [{"severity": "error", "code": each.code, "diagnostics": each.text} for each in failure.issues]
    return STATUS[failure.category], json.dumps(
        {"resourceType": "OperationOutcome", "issue": issues}
    ).encode()
