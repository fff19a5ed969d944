"""What can be seen of one case from outside, as it happens: its Task, and its history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import Resource, codes_of


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened, with the time the server gives it."""

    at: datetime
    source: str
    """``task`` or ``case``."""
    text: str


class Watch:
    """Polls ``GET Task/id/_history`` and ``GET /cases/id`` and tells what is new."""

    def __init__(self, server: FhirClient, task: str) -> None:
        self._server = server
        self._task = task
        self._versions = 0
        self._events = 0
        self.status = ""
        """Task.status of the newest version seen."""

    def news(self) -> list[News]:
        """Everything since the last call, in the order in which it happened.

        Raises:
            NotDone: the server refused or did not answer.
        """
        versions = self._server.history(self._task)
        fresh = versions[self._versions :]
        self._versions = len(versions)
        self.status = versions[-1]["status"] if versions else ""
        told = [each for version in fresh for each in _version(version)]
        return sorted([*told, *self._case()], key=lambda each: each.at)

    def _case(self) -> list[News]:
        events = history(self._server, self._task).get("events", [])
        fresh = events[self._events :]
        self._events = len(events)
        return [News(_moment(each["at"]), "case", _event(each)) for each in fresh]


def history(server: FhirClient, task: str) -> Resource:
    """``GET /cases/ID`` for the case of a Task; empty when the server does not show it.

    Raises:
        NotDone: the server did not answer, or is out of order.
    """
    try:
        return server.beside(f"/cases/{task.rpartition('/')[2]}")
    except NotDone as reason:
        if reason.status != 404:
            raise
        return {}


def _version(task: Resource) -> Iterator[News]:
    at = _moment(task["meta"]["lastUpdated"])
    business = ", ".join(codes_of(task.get("businessStatus")))
    reason = task.get("statusReason", {}).get("text", "")
    words = " · ".join(each for each in (task["status"], business) if each)
    yield News(at, "task", f"Task is {words}" + (f": {reason}" if reason else ""))
    for part in task.get("contained", []):
        for issue in part.get("issue", []):
            text = issue.get("details", {}).get("text") or issue.get("diagnostics", "")
            yield News(at, "task", f"  {issue.get('code', '')}: {text}")
    for each in task.get("output", []):
        yield News(at, "task", f"  output {_output(each)}")


def _output(output: Resource) -> str:
    kind = ", ".join(codes_of(output.get("type")))
    value: Any = next((each for name, each in output.items() if name.startswith("value")), {})
    if not isinstance(value, dict):
        return f"{kind} = {value}"
    named = value.get("reference") or value.get("identifier", {}).get("value") or ", ".join(codes_of(value))
    return f"{kind} = {named}"


def _event(event: Resource) -> str:
    under = " ".join(str(event[name]) for name in ("policy", "card") if event.get(name))
    actor = f" by {event['actor']}" if event.get("actor") else ""
    return f"{event['event']}{actor}" + (f" under {under}" if under else "")


def _moment(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))
