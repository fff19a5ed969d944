"""A shelf in memory, for the pure halves of the door."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from server.fhir.index import rows
from server.fhir.parse import parse
from server.ports import Criterion, Stored
from server.query import ReferenceRow, TokenRow

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def stored(resource: dict[str, Any], version: int = 1, at: datetime = AT) -> Stored:
    """As it would stand on the shelf; ``resource`` has its id."""
    return Stored(resource["resourceType"], resource["id"], version, at, json.dumps(resource).encode())


class Shelf:
    """``server.ports.Shelf`` over a list of resources, one version each unless put again."""

    def __init__(self, *resources: dict[str, Any]) -> None:
        self._versions: dict[tuple[str, str], list[Stored]] = {}
        for each in resources:
            self.put(each)

    def put(self, resource: dict[str, Any]) -> None:
        versions = self._versions.setdefault((resource["resourceType"], resource["id"]), [])
        versions.append(stored(resource, len(versions) + 1))

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        versions = self._versions.get((type_, id_), [])
        if version is None:
            return versions[-1] if versions else None
        return versions[version - 1] if version <= len(versions) else None

    def search(self, type_: str, criteria: Sequence[Criterion], limit: int) -> list[Stored]:
        current = [versions[-1] for (kind, _), versions in self._versions.items() if kind == type_]
        return [each for each in current if all(_meets(each, one) for one in criteria)][:limit]

    def history(self, type_: str, id_: str) -> list[Stored]:
        return list(reversed(self._versions.get((type_, id_), [])))


def _meets(each: Stored, criterion: Criterion) -> bool:
    held = {
        ("", row.target) if isinstance(row, ReferenceRow) else (row.system, row.code)
        for row in rows(parse(each.body))
        if isinstance(row, ReferenceRow | TokenRow) and row.param == criterion.param
    }
    if criterion.param == "_id":
        held = {("", each.id)}
    return any(
        value == have and system in (None, of) for system, value in criterion.values for of, have in held
    )
