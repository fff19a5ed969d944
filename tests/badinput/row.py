"""One bad input and its answer.

A letter after the row's number tells variants apart. The status is INCORRECT 400, TOO_LARGE 413,
UNSUPPORTED 415, UNPROCESSABLE 422; "ok" is stored (201). Every body is POSTed to ``[base]/type``,
a Bundle to ``[base]``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    what: str
    body: bytes
    expected: str
    """Name of the Category, or ``ok``."""
    code: str | None = None
    """The R4 issue-type that must be among the issues."""
    path: str | None = None
    """The FHIRPath of that issue; None where there is none to check."""
    type: str = "Task"
