"""What archives are asked for a case: registered with a due date, asked by another thread, read here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from server.completeness import Counted, Inquiry, Matter
from server.model import PacsDestination
from server.steps.casefile import CaseFile, Moved


def asked_archive(file: CaseFile) -> PacsDestination | None:
    """The archive of the case's destination that may be asked; the first one of the file."""
    serving = (each for each in file.tools.archives if each.ask and file.case.destination in each.serves)
    return next(serving, None)


def answers_on(file: CaseFile, matter: Matter, about: Mapping[str, Any]) -> Inquiry | None:
    """What was asked about just this; None where nothing was."""
    found = (each for each in file.tools.files.inquiries(file.case.id) if each.matter is matter)
    inquiry = next(found, None)
    asked = inquiry is not None and about.items() <= dict(inquiry.about).items()
    return inquiry if asked else None


def counts_of(inquiry: Inquiry | None) -> tuple[Counted, ...]:
    answers = () if inquiry is None else inquiry.answers
    return tuple(msgspec.convert(each, Counted, strict=False) for each in answers)


def asking(
    move: Moved, before: Inquiry | None, matter: Matter, about: Mapping[str, Any], at: datetime
) -> Moved:
    """``move`` with one more thing to ask, at ``at``; earlier answers to the same question stay."""
    archive = asked_archive(move.file)
    if archive is None:
        return move
    answers = () if before is None or before.archive != archive.name else before.answers
    move.asks = (*move.asks, Inquiry(matter, archive.name, about, at, answers))
    return move
