"""Failures, sorted into a few categories. Each door maps a category to its own codes once.

A Fault says what is wrong, whose fault it is, and what would be accepted. Its text goes to
the sender and to logs, so it never quotes a value of the input.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Category(Enum):
    """What kind of no this is, and whether the sender or we must change something."""

    INCORRECT = "incorrect"
    """Cannot be understood as what it claims to be."""
    UNPROCESSABLE = "unprocessable"
    """Understood, but breaks a rule of the standard or of ours."""
    UNAUTHENTICATED = "unauthenticated"
    """Who asks has not shown who they are; code ``login`` when nothing was shown at all."""
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not found"
    GONE = "gone"
    CONFLICT = "conflict"
    """Right in itself, but not against what is stored now."""
    STALE = "stale"
    """Written against a version that is no longer current, or ambiguous."""
    NOT_ALLOWED = "not allowed"
    """The interaction is not offered here."""
    UNSUPPORTED = "unsupported"
    """In a format that we do not read."""
    NOT_ACCEPTABLE = "not acceptable"
    """Asked for in a format that we do not write."""
    TOO_LARGE = "too large"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"

    @property
    def ours(self) -> bool:
        """True when the sender did nothing wrong."""
        return self in (Category.BUSY, Category.UNAVAILABLE, Category.BROKEN)


@dataclass(frozen=True, slots=True)
class Issue:
    """One reason. ``code`` is an R4 issue-type code, the richest vocabulary of our doors."""

    code: str
    text: str
    path: str = ""
    """Where in the input (FHIRPath for FHIR); empty when it is about the whole."""


class Fault(Exception):
    """A refusal or a failure, with its reasons."""

    def __init__(self, category: Category, *issues: Issue) -> None:
        super().__init__("; ".join(issue.text for issue in issues) or category.value)
        self.category = category
        self.issues = issues


def fault(category: Category, code: str, text: str, path: str = "") -> Fault:
    """The usual case: one reason."""
    return Fault(category, Issue(code, text, path))
