"""The switch to double reading: who threw it, who asked to go back, who went back. Rows are only added."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from server.changes import EVERYTHING, Act, Switch, device_in
from server.model import Device
from server.store.database import Database
from server.store.locks import hold_policies
from server.store.policy_tables import policy_switch, result


class SwitchStore:
    """The last word on each scope counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def on(self, question: str, devices: Collection[Device] = ()) -> Switch | None:
        """Whether two humans read every case of a question, or of one of these devices.

        What is for all questions comes first, what is for devices last.
        """
        found = self.standing()
        kinds = [(device_in(scope), word) for scope, word in found.items() if devices]
        of_devices = (w for kind, w in kinds if kind is not None and any(map(kind.covers, devices)))
        switches = (found.get(EVERYTHING), found.get(question), *of_devices)
        return next((each for each in switches if each is not None and each.on), None)

    def standing(self) -> Mapping[str, Switch]:
        """By scope, the last word."""
        return self._database.read(_standing)

    def words(self) -> list[Switch]:
        """All that was said, oldest first."""
        return self._database.read(_words)

    def throw(
        self,
        scope: str,
        by: str,
        reason: str,
        at: datetime,
        figures: Mapping[str, Any] | None = None,
    ) -> bool:
        """Switch on; False when it is on and nobody has asked to go back since, or a rule finds it on."""

        def work(connection: Connection) -> bool:
            hold_policies(connection)
            before = _standing(connection).get(scope)
            if before is not None and before.on and (before.act is Act.SAFE or figures is not None):
                return False
            _say(connection, Switch(scope, Act.SAFE, by, at, reason, figures))
            return True

        return self._database.write(work)

    def back(
        self, scope: str, by: str, reason: str, at: datetime, act: Callable[[Switch | None], Act]
    ) -> Act:
        """Ask to go back, or go back: ``act`` says which, from the last word, or raises a Fault."""

        def work(connection: Connection) -> Act:
            hold_policies(connection)
            said = act(_standing(connection).get(scope))
            counted = connection.execute(select(func.max(result.c.seq))).scalar_one_or_none() or 0
            _say(connection, Switch(scope, said, by, at, reason, None, counted))
            return said

        return self._database.write(work)


def _say(connection: Connection, word: Switch) -> None:
    connection.execute(
        insert(policy_switch).values(
            scope=word.scope,
            act=word.act.value,
            by=word.by,
            at=word.at,
            reason=word.reason,
            figures=None if word.figures is None else json.dumps(word.figures),
            results=word.results,
        )
    )


def _standing(connection: Connection) -> dict[str, Switch]:
    return {each.scope: each for each in _words(connection)}


def _words(connection: Connection) -> list[Switch]:
    rows = connection.execute(select(policy_switch).order_by(policy_switch.c.number))
    return [
        Switch(
            row.scope,
            Act(row.act),
            row.by,
            row.at,
            row.reason,
            None if row.figures is None else json.loads(row.figures),
            row.results,
        )
        for row in rows
    ]
