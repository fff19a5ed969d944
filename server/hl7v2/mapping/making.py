"""The sheet on which a story is put together: drafts by name, remarks once each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from server.hl7v2.link import Link
from server.hl7v2.mapping.drafts import REFERENCE, Draft, Identifiers, Json
from server.hl7v2.mapping.spans import straighten


class Making:
    """One message's; not shared between threads."""

    def __init__(self, link: Link, received_at: datetime) -> None:
        self.link = link
        self.zone: tzinfo = UTC if link.zone == "UTC" else ZoneInfo(link.zone)
        self.received_at = received_at
        self._drafts: dict[str, Draft] = {}
        self._known: dict[tuple[str, Identifiers], str] = {}
        self._names: dict[tuple[str, tuple[str, str]], str] = {}
        self._notes: dict[str, None] = {}
        self._doubts: dict[str, None] = {}

    def note(self, words: str, where: str = "") -> None:
        """``where`` is a place, ``OBX-3``; never a value."""
        self._notes[f"{words} {where}".strip()] = None

    def doubt(self, words: str, where: str = "") -> None:
        self._doubts[f"{words} {where}".strip()] = None

    def add(self, draft: Draft) -> Json:
        """The reference to it, or to the draft of the same thing: one by one of the same identifiers."""
        same = self.known(draft.type, draft.identifiers)
        if same is not None and same.name != draft.name:
            self.note("named more than once, the first counts", draft.type)
            draft = self._numbered(same, draft)
        self._straighten(draft.resource, draft.type)
        self._drafts[draft.name] = draft
        self._names |= {(draft.type, each): draft.name for each in draft.identifiers}
        return {"reference": REFERENCE + draft.name}

    def known(self, type_: str, identifiers: Identifiers) -> Draft | None:
        """The draft of what has one of these identifiers."""
        found = (self._names.get((type_, each)) for each in identifiers)
        return next((self._drafts[each] for each in found if each is not None), None)

    def _numbered(self, same: Draft, draft: Draft) -> Draft:
        """``same`` with the identifiers of both: a result may know one more number of its order."""
        said = same.resource.get("identifier", [])
        more = [each for each in draft.resource.get("identifier", []) if each not in said]
        resource = {**same.resource, "identifier": [*said, *more]} if more else same.resource
        return replace(
            same, resource=resource, identifiers=tuple(dict.fromkeys((*same.identifiers, *draft.identifiers)))
        )

    def once(self, stem: str, type_: str, resource: Json, identifiers: Identifiers) -> Json:
        """As ``add``, of somebody or something that the message may name many times: known by identifier."""
        name = self._known.get((type_, identifiers))
        if name is None:
            count = sum(1 for kind, _ in self._known if kind == type_)
            name = self._known[type_, identifiers] = f"{stem}-{count + 1}"
            self._straighten(resource, type_)
            self._drafts[name] = Draft(name, type_, resource, identifiers)
        return {"reference": REFERENCE + name}

    def _straighten(self, resource: Json, type_: str) -> None:
        if straighten(resource):
            self.note("end before its start, left out", type_)

    def draft(self, name: str) -> Draft:
        return self._drafts[name]

    @property
    def drafts(self) -> tuple[Draft, ...]:
        return tuple(self._drafts.values())

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    @property
    def doubts(self) -> tuple[str, ...]:
        return tuple(self._doubts)
