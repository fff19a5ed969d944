"""What a step leaves beside its case file: rows that are counted, and word to cases that waited for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from server.ports import CaseRow, Progress
from server.store import gates, offers, outcomes, results
from server.store.lifting import lifted


def keep(connection: Connection, case: CaseRow, progress: Progress, at: datetime) -> None:
    """Within the commit of the step; ``case``: as it stood before."""
    offers.keep(connection, case.id, case.question, progress.facts)
    results.keep(connection, case, progress.facts, at)
    gates.keep(connection, case, progress.facts, at)
    outcomes.keep(connection, case.id, progress.facts, at)
    lifted(connection, case, progress.position, at)
