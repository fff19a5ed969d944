"""Who was shown an opinion, as far as it is recorded: systems, never people (second-reading S5.4).

A read names what was shown; a search only whose record it was in (BALP), so that one which may have shown an
opinion is told as such. What another system shows on its own screens is not recorded here.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Sequence
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

    def __call__(self, opinions: Sequence[str], patient: str, sealed: datetime) -> list[Looked] | None:
        """By each system that was shown one of ``opinions``, or has searched before they were ``sealed``."""
        try:
            self.clerk.catch_up()
        except Fault as failure:
            if failure.category is not Category.UNAVAILABLE:
                raise
            return None
        found = self.shelf.find(Query("AuditEvent", (Reference("entity", (*opinions, patient)),)), _MOST + 1)
        if len(found) > _MOST:
            return None
        told = {each for stored in found for each in self._of(own(stored.body), frozenset(opinions), sealed)}
        return sorted(told, key=lambda each: (each.found, sorted(each.speaks_for)))

    def _of(self, event: Resource, opinions: frozenset[str], sealed: datetime) -> Iterator[Looked]:
        if event.get("outcome") != _SUCCESS:
            return
        codes = {each.get("code") for each in event.get("subtype", [])}
        shown = not opinions.isdisjoint(_named(event))
        speaks_for = self._speaks_for(event)
        brought = event.get("action") in _WRITING and speaks_for  # whoever brings one has it
        if shown and (brought or not codes.isdisjoint(_SHOWING)):
            yield Looked(speaks_for)
        elif "search" in codes and _may_show(event):
            at = moment(str(event.get("recorded", "")))
            if at is None or at < sealed:
                yield Looked(speaks_for, found=False)

    def _speaks_for(self, event: Resource) -> frozenset[str]:
        client = next((str(each["altId"]) for each in event.get("agent", []) if each.get("altId")), "")
        caller = self.clients(client) if client else EVERYBODY
        return frozenset() if caller is None else caller.speaks_for


def _named(event: Resource) -> Iterator[str]:
    for each in event.get("entity", []):
        yield str(each.get("what", {}).get("reference", "")).partition("/_history/")[0]


def _may_show(event: Resource) -> bool:
    """Whether a search is of a type of which a resource can tell an opinion, or brings others along."""
    for each in event.get("entity", []):
        if "query" in each and _is_of_opinions(_words(str(each["query"]))):
            return True
    return False


def _words(query: str) -> str:
    try:
        return b64decode(query).decode("utf-8", "replace")
    except Error:
        return ""


def _is_of_opinions(words: str) -> bool:
    path = words.partition("\n")[0].partition(" ")[2].partition("?")[0]
    types = [each for each in path.split("/") if each[:1].isupper()]
    return not types or types[-1] in SEALABLE or "$" in path or "include" in words
