"""Facts of the case file: values that were laid down, by kind and number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, insert, select

from server.ports import Fact
from server.store.tables import fact


def lay_down(connection: Connection, case_id: str, facts: Sequence[Fact], at: datetime) -> None:
    if facts:
        connection.execute(
            insert(fact),
            [
                {
                    "case_id": case_id,
                    "kind": each.kind,
                    "number": each.number,
                    "at": at,
                    "body": msgspec.json.encode(each.value),
                }
                for each in facts
            ],
        )


def count(connection: Connection, case_id: str, kind: str) -> int:
    """How many facts of one kind a case has; the next one's number is one more."""
    query = select(func.count()).where(fact.c.case_id == case_id, fact.c.kind == kind)
    return int(connection.execute(query).scalar_one())
