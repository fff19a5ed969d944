"""Who was shown an opinion, as far as it is recorded: systems, never people (second-reading S5.4).

A read names what was shown; a search only whose record it was in (BALP), so that one which may have shown an
opinion is told as such. What another system shows on its own screens is not recorded here.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from server.auditing import AuditClerk
from server.caller import EVERYBODY
from server.errors import Category, Fault
from server.fhir.parse import own
from server.fhir.subscriptions.sight import Clients
from server.fhir.times import moment
from server.model import Looked
from server.ports import SEALABLE, Resource, Shelf
from server.query import Query, Reference

_SHOWING = frozenset({"read", "vread", "history-instance", "operation", "notification"})
_OWN = re.compile(r"[?&\n]owner=")
"""A worklist: the Tasks of whoever is to do them."""
_WRITING = frozenset({"C", "U"})
_SUCCESS = "0"
_MOST = 5_000
"""AuditEvents about one patient that are looked through; where there are more it is not known."""


@dataclass(frozen=True, slots=True)
class Looks:
    """``server.steps.casefile.Tools.looked``."""

    clerk: AuditClerk
    shelf: Shelf
    clients: Clients

    def __call__(
        self, opinions: Mapping[str, datetime | None], patient: str, sealed: datetime
    ) -> list[Looked] | None:
        """By each system that was shown one of ``opinions``, or has searched before they were ``sealed``.

        ``opinions``: with since when each tells one; None: as long as it is there.
        """
        try:
            self.clerk.catch_up()
        except Fault as failure:
            if failure.category is not Category.UNAVAILABLE:
                raise
            return None
        found = self.shelf.find(
            Query("AuditEvent", (Reference("entity", (*sorted(opinions), patient)),)), _MOST + 1
        )
        if len(found) > _MOST:
            return None
        events = [own(stored.body) for stored in found]
        placed = frozenset(pair for event in events for pair in _placed(event))
        told = {each for event in events for each in self._of(event, _Sought(opinions, placed, sealed))}
        return sorted(told, key=lambda each: (each.found, sorted(each.speaks_for)))

    def _of(self, event: Resource, sought: _Sought) -> Iterator[Looked]:
        if event.get("outcome") != _SUCCESS:
            return
        codes = {each.get("code") for each in event.get("subtype", [])}
        speaks_for = self._speaks_for(event)
        shown = sought.shown(event, apart=bool(speaks_for))
        brought = event.get("action") in _WRITING and speaks_for  # whoever brings one has it
        if shown and (brought or not codes.isdisjoint(_SHOWING)):
            yield Looked(speaks_for)
        elif "search" in codes and sought.may_show(event):
            yield Looked(speaks_for, found=False)

    def _speaks_for(self, event: Resource) -> frozenset[str]:
        client = _client(event)
        caller = self.clients(client) if client else EVERYBODY
        return frozenset() if caller is None else caller.speaks_for


@dataclass(frozen=True, slots=True)
class _Sought:
    """What is looked for in the record."""

    opinions: Mapping[str, datetime | None]
    placed: frozenset[tuple[str, str]]
    """Tasks, and the system that has placed each."""
    sealed: datetime

    def shown(self, event: Resource, *, apart: bool) -> bool:
        """``apart``: whose system it is is known; else what it has placed itself shows it nothing new."""
        client, at = _client(event), _at(event)
        return any(
            each in self.opinions
            and _tells(self.opinions[each], at)
            and (apart or (each, client) not in self.placed)
            for each in _named(event)
        )

    def may_show(self, event: Resource) -> bool:
        """Tasks tell how a case has ended under no seal: their searches count ever, but for a worklist."""
        at = _at(event)
        words = [_words(str(each["query"])) for each in event.get("entity", []) if "query" in each]
        if any(_is_of_opinions(each) for each in words) and (at is None or at < self.sealed):
            return True
        tasks = any(key.startswith("Task/") and _tells(since, at) for key, since in self.opinions.items())
        return tasks and any(_type(each) == "Task" and not _OWN.search(each) for each in words)


def _tells(since: datetime | None, at: datetime | None) -> bool:
    return since is None or at is None or since < at


def _at(event: Resource) -> datetime | None:
    return moment(str(event.get("recorded", "")))


def _client(event: Resource) -> str:
    return next((str(each["altId"]) for each in event.get("agent", []) if each.get("altId")), "")


def _placed(event: Resource) -> Iterator[tuple[str, str]]:
    """Nobody who is not told apart has placed anything."""
    client = _client(event)
    if client and event.get("action") == "C" and event.get("outcome") == _SUCCESS:
        yield from ((each, client) for each in _named(event) if each.startswith("Task/"))


def _named(event: Resource) -> Iterator[str]:
    for each in event.get("entity", []):
        yield str(each.get("what", {}).get("reference", "")).partition("/_history/")[0]


def _words(query: str) -> str:
    try:
        return b64decode(query).decode("utf-8", "replace")
    except Error:
        return ""


def _is_of_opinions(words: str) -> bool:
    """Whether it is of a type of which a resource can tell an opinion, or brings others along."""
    path, type_ = _path(words), _type(words)
    return not type_ or type_ in SEALABLE or "$" in path or "*" in path or "include" in words


def _type(words: str) -> str:
    """Empty: of all."""
    types = [each for each in _path(words).split("/") if each[:1].isupper()]
    return types[-1] if types else ""


def _path(words: str) -> str:
    return words.partition("\n")[0].partition(" ")[2].partition("?")[0]
