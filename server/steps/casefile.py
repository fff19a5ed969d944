"""What a step sees of its case, and how it says what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from server.accesses import Access
from server.case import Event, Position, advance
from server.changes import Policies
from server.completeness import Inquiry, Steps
from server.errors import Category, fault
from server.fhir.parse import parse
from server.fhir.pens.correspondence import Operator
from server.images import ImageObject, Images, device_of
from server.model import (
    AiRead,
    Card,
    Comparison,
    Document,
    Earlier,
    FirstRead,
    Hl7Destination,
    Looked,
    PacsDestination,
    Policy,
    Referral,
    Specialist,
    SpecialistRead,
)
from server.ports import (
    CaseRow,
    Entry,
    Fact,
    Progress,
    Reader,
    Resource,
    ResourceWrite,
    Shelf,
    Stored,
    Waiting,
)
from server.routing.double import doubled
from server.steps.files import Files

T = TypeVar("T")

WORKER = "second-reader"
"""The actor of what happens by rule, without a person."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the steps work with; put together in ``server.wiring``."""

    shelf: Shelf
    files: Files
    cards: Mapping[str, Card]
    others: Mapping[str, Card]
    """Other models, which assess where a patient asks for one."""
    policies: Policies
    images: Images
    steps: Steps
    reader: Callable[[str], Reader]
    """``name@version`` -> its reader, started when first needed."""
    explain: Callable[[AiRead, Card], str]
    operator: Operator
    audit_key: bytes
    roster: Callable[[], Sequence[Specialist]]
    """Everyone in the directory, fit or not."""
    content: Callable[[str], bytes]
    """The bytes of a DICOM object by the digest of its file."""
    archives: tuple[PacsDestination, ...] = ()
    receivers: tuple[Hl7Destination, ...] = ()
    issuers: Mapping[str, str] = field(default_factory=dict)
    """Issuer of Patient ID, as modalities write it -> the EHR's identifier system for the same."""
    earlier: Callable[[str], Earlier] = lambda _: Earlier()
    """Case -> who has given an opinion on the same question about the same patient in other cases."""
    looked: Callable[[Mapping[str, datetime | None], str, datetime], Sequence[Looked] | None] = lambda *_: ()
    """Opinions, each with since when it tells one (None: ever), their patient, and since when they are under
    seal -> who was shown them; None: not known."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing happened; look again then, or when something arrives (None: only then)."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case at one moment."""

    case: CaseRow
    tools: Tools
    now: datetime

    @property
    def card(self) -> Card:
        cards = self.tools.others if self.case.other_model else self.tools.cards
        # Another model that is taken away has read what it has read.
        return cards.get(self.case.question) or self.needed("card", Card)

    @property
    def policy(self) -> Policy:
        """The policy that this case was opened under, as it was when the case was compared.

        Never retroactive: a newer one is for the cases that are opened after it.
        """
        return self.latest("policy", Policy) or self.tools.policies.of(self.case)

    @property
    def doubled(self) -> bool:
        """Whether the switch is thrown: two humans read every case, or every one of its device."""
        films = self.latest("films", tuple[ImageObject, ...]) if self.card.film else None
        return self.tools.policies.doubled(
            self.case.question, {device_of(each.header) for each in films or ()}
        )

    @property
    def ruling(self) -> Policy:
        """The same, under the switch to double reading where that is thrown: by it a case is compared."""
        return doubled(self.policy) if self.doubled else self.policy

    def stored(self, key: str) -> Stored:
        """The current version of ``Type/id``, which the door has made sure is here."""
        kind, _, id_ = key.partition("/")
        found = self.tools.shelf.read(kind, id_)
        if found is None:
            raise fault(Category.BROKEN, "not-found", f"a {kind} that this case rests on is not in the store")
        return found

    def resource(self, key: str) -> Resource:
        return parse(self.stored(key).body)

    @property
    def task(self) -> Resource:
        """The EHR's Task as it stands at our door."""
        return self.resource(f"Task/{self.case.task_id}")

    def latest(self, kind: str, type_: type[T]) -> T | None:
        found = self.tools.files.facts(self.case.id, kind, type_)
        return found[-1] if found else None

    def needed(self, kind: str, type_: type[T]) -> T:
        found = self.latest(kind, type_)
        if found is None:
            raise fault(Category.BROKEN, "exception", f"the case file lacks its {kind}")
        return found

    @property
    def ai_read(self) -> AiRead:
        return self.needed("ai-read", AiRead)

    @property
    def ai_reads(self) -> int:
        """How many have been laid down, those that were voided since among them."""
        return self.next_number("ai-read") - 1

    @property
    def read_card(self) -> Card:
        """The card that the AI read was made under, whichever is in force now."""
        card = self.latest("card", Card) or self.card
        if card.identity != self.ai_read.card:
            raise fault(Category.BROKEN, "exception", "the case file lacks the card of its AI read")
        return card

    @property
    def first_read(self) -> FirstRead:
        return self.needed("first-read", FirstRead)

    @property
    def comparison(self) -> Comparison:
        """What came of comparing, or stands in its place where the case was ruled out."""
        made = self.latest("comparison", Comparison) or self.latest("unread", Comparison)
        return made or self.needed("comparison", Comparison)

    @property
    def referral(self) -> Referral | None:
        return self.latest("referral", Referral)

    @property
    def specialist_read(self) -> SpecialistRead | None:
        return self.latest("specialist-read", SpecialistRead)

    def next_number(self, kind: str) -> int:
        """The number that the next fact of this kind gets."""
        return len(self.tools.files.facts(self.case.id, kind, Any)) + 1


@dataclass(slots=True)
class Moved:
    """Collects what a step changes."""

    file: CaseFile
    entries: list[Entry] = field(default_factory=list)
    writes: list[ResourceWrite] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    taken_back: list[Waiting] = field(default_factory=list)
    accesses: list[Access] = field(default_factory=list)
    awaits: tuple[str, ...] = ()
    asks: tuple[Inquiry, ...] = ()

    def note(
        self,
        event: Event,
        actor: str = WORKER,
        *,
        sealed: bool = False,
        card: bool = False,
        policy: bool = False,
        **detail: Any,
    ) -> Moved:
        """Record an event; ``card`` and ``policy`` say that it happened under their present version."""
        self.entries.append(
            Entry(
                event,
                actor,
                detail,
                sealed,
                policy=self.file.policy.identity if policy else None,
                card=self.file.card.identity if card else None,
            )
        )
        return self

    def lay_down(self, kind: str, value: Any) -> Moved:
        number = self.file.next_number(kind) + sum(each.kind == kind for each in self.facts)
        self.facts.append(Fact(kind, number, value))
        return self

    def write(self, writes: Sequence[ResourceWrite]) -> Moved:
        self.writes.extend(writes)
        return self

    def take_back(self, documents: Sequence[Waiting]) -> Moved:
        """They are not delivered any more, and the history says so."""
        if documents:
            told = [f"{each.document.kind} to {each.document.destination}" for each in documents]
            self.note(Event.TAKEN_BACK, documents=told).taken_back.extend(documents)
        return self

    def send(self, documents: Sequence[Document]) -> Moved:
        self.documents.extend(documents)
        return self

    @property
    def position(self) -> Position:
        position = self.file.case.position
        for entry in self.entries:
            position = advance(position, entry.event)
        return position

    def progress(self, due_at: datetime | None) -> Progress:
        """The finished step, due again at ``due_at``; an ended case is never due again."""
        position = self.position
        return Progress(
            entries=tuple(self.entries),
            position=position,
            due_at=None if position.ended else due_at,
            writes=tuple(self.writes),
            facts=tuple(self.facts),
            documents=tuple(self.documents),
            deliver_for=self.file.policy.deliver_for if self.documents else None,
            taken_back=tuple(self.taken_back),
            accesses=tuple(self.accesses),
            awaits=self.awaits,
            asks=self.asks,
        )

    def at_once(self) -> Progress:
        """The finished step, to be followed by the next one without a pause."""
        return self.progress(self.file.now)


REMINDER = timedelta(hours=24)
"""How often a case that waits for a person is looked at again."""


def held(file: CaseFile, reason: str, **detail: Any) -> Moved:
    """Leave the case to a person, who sees why."""
    return Moved(file).note(Event.HELD, reason=reason, **detail)
