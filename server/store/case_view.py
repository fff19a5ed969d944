"""A case with its whole history, for people."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from server.ports import CaseRow, History
from server.store import chain, deliveries, seals
from server.store.caserow import find


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case with everything that its history holds, for people."""

    case: CaseRow
    history: list[History]
    deliveries: list[deliveries.DeliveryRow]
    chain_broken_at: int | None
    asked_again: bool
    """The same question about the same patient is open elsewhere: what was answered here is under seal."""


def view(connection: Connection, case_id: str) -> CaseView | None:
    case = find(connection, case_id)
    if case is None:
        return None
    return CaseView(
        case,
        chain.history(connection, case_id),
        deliveries.of_case(connection, case_id),
        chain.broken_at(connection, case_id),
        seals.asked_again(connection, case_id),
    )
