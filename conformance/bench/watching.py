"""Looking at cases from outside: GET /cases and GET /cases/ID, again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from conformance.peers.client import FhirClient, NotDone

_POLL = 0.005
"""Seconds between two looks: what a client sees is late by up to this and one answer."""
_WRONG = frozenset({"incomplete", "rejected", "lapsed", "withdrawn", "faulted"})
_OPEN = frozenset({"received", "ready"})
_CARRIED = frozenset({*_OPEN, "compared", "concordant", "resolved"})
"""States in which the worker still has something to do for a case that nobody disputes."""

History = dict[str, Any]


def opinion_sealed(case: History) -> bool:
    return bool(case["aiRead"] != "awaited")


def compared(case: History) -> bool:
    return case["state"] not in _OPEN


def settled(case: History) -> bool:
    """Closed, or with a specialist when it was drawn for audit."""
    return case["state"] not in _CARRIED


class Watching:
    """Watches the cases of one server."""

    def __init__(self, client: FhirClient, patience: float) -> None:
        self._client = client
        self.patience = patience

    def listed(self) -> dict[str, str]:
        """``Task/id`` -> case id, of the latest cases."""
        return {each["task"]: each["case"] for each in self._client.beside("/cases")["cases"]}

    def case(self, task: str) -> str:
        """Raises NotDone when no case was opened for the Task."""
        found = self.listed().get(task)
        if found is None:
            raise NotDone(f"{task} was acknowledged, and no case is listed for it")
        return found

    def look(self, case: str) -> History:
        told = self._client.beside(f"/cases/{case}")
        if told["state"] in _WRONG:
            raise NotDone(f"case {case} is {told['state']}; an agreeing case was expected to be carried on")
        return told

    def until(self, case: str, done: Callable[[History], bool], pause: float = _POLL) -> History:
        """The case once ``done`` says so.

        Raises:
            NotDone: it went wrong, or nothing of the kind happened within the patience.
        """
        deadline = time.monotonic() + self.patience
        while not done(told := self.look(case)):
            if time.monotonic() > deadline:
                raise NotDone(f"case {case} is still {told['state']} after {self.patience:.0f} s")
            time.sleep(pause)
        return told


def moments(told: History) -> dict[str, datetime]:
    """Event -> when it happened, by the server's clock; events under seal are left out."""
    return {each["event"]: datetime.fromisoformat(each["at"]) for each in told["history"]}


def span(told: History, start: str, end: str) -> float | None:
    """Seconds between two events of a case; None when one of them is not to be seen."""
    at = moments(told)
    return (at[end] - at[start]).total_seconds() if start in at and end in at else None
