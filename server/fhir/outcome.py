"""The one place where a Fault becomes an HTTP status and an OperationOutcome (R4 http.html#Status-Codes)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from server.errors import Fault
from server.http_status import STATUS


def of(failure: Fault) -> tuple[int, dict[str, Any]]:
    """(HTTP status, OperationOutcome) for a Fault."""
    return STATUS[failure.category], outcome(failure)


def outcome(failure: Fault) -> dict[str, Any]:
    """An OperationOutcome with one issue for each reason; the text says what would be accepted."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": issue.code,
                "diagnostics": issue.text,
                **({"expression": [issue.path]} if issue.path else {}),
            }
            for issue in failure.issues
        ],
    }


def fine(text: str) -> dict[str, Any]:
    """An OperationOutcome that says that all is well."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "information", "code": "informational", "diagnostics": text}],
    }


def warnings(found: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """An OperationOutcome that does not refuse, for search results (R4 search.html#errors)."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "warning", "code": code, "diagnostics": text} for code, text in found],
    }
