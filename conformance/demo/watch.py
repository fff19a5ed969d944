"""What can be seen of one case from outside, as it happens: its Task, and its history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from conformance.demo.child import ARCHIVE
from conformance.peers.client import FhirClient
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
        self._case = ""
        self._versions = 0
        self._seen: set[tuple[str, str]] = set()
        self._latest: datetime | None = None
        self._deliveries: dict[str, str] = {}
        self.status = ""
        """Task.status of the newest version seen."""
        self.delivery_failed = False
        """A delivery was attempted and has not arrived."""
        self.sealed = False
        """The model has read, and what it says is under seal."""
        self.archive_waits = False
        """The archive has not said of everything that is for it that it keeps it."""

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
        case = self._look_at_case()
        self.sealed = case.get("aiRead") == "sealed"
        told += self._events(case.get("history", []))
        told += self._attempts(case.get("deliveries", []))
        return sorted(told, key=lambda each: each.at)

    def _look_at_case(self) -> Resource:
        if not self._case:
            listed = self._server.beside("/cases").get("cases", [])
            self._case = next((each["case"] for each in listed if each["task"] == self._task), "")
        return self._server.beside(f"/cases/{self._case}") if self._case else {}

    def _events(self, events: list[Resource]) -> Iterator[News]:
        """By time and name, not by number: what was under seal appears later, in its place."""
        for each in events:
            key, at = (each["at"], each["event"]), _moment(each["at"])
            if key not in self._seen:
                late = "now unsealed: " if self._latest and at < self._latest else ""
                yield News(at, "case", late + _event(each))
        self._seen |= {(each["at"], each["event"]) for each in events}
        self._latest = max((_moment(each["at"]) for each in events), default=None)

    def _attempts(self, deliveries: list[Resource]) -> Iterator[News]:
        self.archive_waits = any(
            each["destination"] == ARCHIVE and not each["delivered"] for each in deliveries
        )
        for each in deliveries:
            tried = f"{each['attempts']} attempt{'' if each['attempts'] == 1 else 's'}"
            text = f"{each['kind']} to {each['destination']}: {each['state']} after {tried}, {each['last']}"
            # Without a last outcome the first attempt is still under way.
            self.delivery_failed |= bool(each["last"]) and not each["delivered"]
            if each["last"] and self._deliveries.get(each["document"]) != text:
                self._deliveries[each["document"]] = text
                yield News(datetime.now(UTC), "case", text)


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
    about = [str(event[name]) for name in ("actor", "policy", "card") if event.get(name)]
    return f"{event['event']} ({', '.join(about)})"


def _moment(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))
