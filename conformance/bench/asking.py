"""What a bench sends: cases with the values of the demonstration, each under its own identifiers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from conformance.demo.cases import Script, load
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import Resource
from conformance.peers.ehr import SYSTEM
from conformance.peers.request import Entry, bundle, entries

_STORY = "agreement"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case of which everything is at the server but the Task."""

    task: Resource
    """Ready to be POSTed; its references name what the server made."""
    report: Resource
    """As the server stored it; it is not shown again while the case is open."""
    report_etag: str


@dataclass(slots=True)
class Asking:
    """Sends cases to one server; identifiers differ from those of any other run."""

    client: FhirClient
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    script: Script = field(default_factory=load)
    sent: int = 0
    story: str = _STORY
    """Its key in the demonstration."""

    def prepare(self, *, signed: bool = True) -> Waiting:
        """Everything but the Task, in one transaction; unsigned, the report is preliminary."""
        made = self._entries(signed=signed)
        answer = self.client.transaction(bundle(made[:-1]))
        places = [each["response"]["location"] for each in answer["entry"]]
        names = {each.full_url: _reference(place) for each, place in zip(made[:-1], places, strict=True)}
        name, stored = made[-2].full_url, answer["entry"][-1]["response"]
        report = settled(made[-2].resource, names) | {"id": names[name].partition("/")[2]}
        return Waiting(settled(made[-1].resource, names), report, stored["etag"])

    def ask(self) -> str:
        """A whole case in one transaction; gives ``Task/id``."""
        answer = self.client.transaction(bundle(self._entries(signed=True)))
        return _reference(answer["entry"][-1]["response"]["location"])

    def sign(self, waiting: Waiting) -> None:
        """Make a preliminary report final (PUT with If-Match)."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.client.update(waiting.report | {"status": "final", "issued": now}, waiting.report_etag)

    def _entries(self, *, signed: bool) -> tuple[Entry, ...]:
        self.sent += 1
        story = next(each for each in self.script.stories if each.key == self.story)
        request = self.script.request(story, f"{self.run}-{self.sent}", datetime.now(UTC))
        made = entries(request, SYSTEM)
        if not signed:
            made[-2].resource["status"] = "preliminary"
        return made


def settled(value: Any, names: dict[str, str]) -> Any:
    """``value`` with every bundle-local reference replaced by what it came to be."""
    if isinstance(value, dict):
        return {
            name: names.get(inner, inner) if name == "reference" else settled(inner, names)
            for name, inner in value.items()
        }
    return [settled(each, names) for each in value] if isinstance(value, list) else value


def _reference(location: str) -> str:
    parts = location.partition("/_history/")[0].split("/")
    if len(parts) < 2:
        raise NotDone("a transaction answered without saying where its resources are")
    return "/".join(parts[-2:])
