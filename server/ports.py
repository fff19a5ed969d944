"""What the rooms promise one another: values that cross the corridor, and Protocols.

The door prepares everything it wants written as values, outside any transaction; the store
applies a whole ``Intake`` or ``Progress`` in one short transaction, or nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from server.accesses import Access
from server.arbitration import Kept
from server.case import Event, Position
from server.completeness import Inquiry
from server.contract import Inputs
from server.errors import Category, Fault, Issue
from server.model import AiRead, Commitment, Document, Receipt, ResourceKey, Withdrawal
from server.notices import Subscribing
from server.query import Page, Query, Row, Test

Resource = dict[str, Any]


class Raced(Exception):
    """Somebody else committed first; nothing was written. Look again and plan anew."""


class LeaseLost(Exception):
    """The lease has passed to another worker; nothing was written."""


# -- resources -----------------------------------------------------------------------------


class Method(StrEnum):
    """By which HTTP method a version came to be (R4 Bundle.entry.request.method)."""

    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one resource as it is served."""

    type: str
    id: str
    version: int
    updated_at: datetime
    body: bytes
    method: Method = Method.PUT

    @property
    def deleted(self) -> bool:
        """A tombstone: the version that says that the resource is gone; its body is empty."""
        return self.method is Method.DELETE


@dataclass(frozen=True, slots=True)
class ResourceWrite:
    """One new version of one resource. ``version`` 1 creates; n+1 needs n to be current."""

    type: str
    id: str
    version: int
    updated_at: datetime
    body: bytes
    index: tuple[Row, ...]
    patient: str | None
    """``Patient/id`` whose open cases should look again."""
    method: Method = Method.PUT
    references: tuple[str, ...] = ()
    """``Type/id`` of everything here that it refers to: none of it may be deleted while this stands."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A conditional create: nothing may match when we commit."""

    query: Query


@dataclass(frozen=True, slots=True)
class Past:
    """Which versions a history asks for, newest first."""

    types: tuple[str, ...]
    limit: int
    id: str | None = None
    """One resource of the one type."""
    since: datetime | None = None
    """Only what came at this time or later."""
    during: tuple[datetime, datetime] | None = None
    """Only what was current at some time from the first to before the second."""
    after: str | None = None
    """Where the stretch before ended."""
    meeting: Mapping[str, Test] = field(default_factory=dict)
    """Type -> what a resource of it must meet as it is now, unless it has been deleted."""


@dataclass(frozen=True, slots=True)
class Around:
    """A resource, what refers to it, and what those refer to; oldest first."""

    type: str
    id: str
    types: tuple[str, ...]
    """Only these."""
    beside: tuple[str, ...]
    """Types that come along because something refers to them, and by the same way from each of them."""
    limit: int
    since: datetime | None = None
    after: str | None = None
    meeting: Mapping[str, Test] = field(default_factory=dict)
    """Type -> what a resource of it must meet to be there, and for anything to come along by it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a list that stands still while it is read page by page."""

    found: tuple[Stored, ...]
    next: str | None
    """What to ask for the stretch after this one; None at the end."""
    places: tuple[str, ...] = ()
    """Of each that was found, what to ask for the stretch after it."""


# -- arrivals and cases --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes that came through a door, stored before they are acknowledged."""

    id: str
    door: str
    interaction: str
    received_at: datetime
    body: bytes
    digest: str
    shared: bool = False
    """Carries several intakes, of which only the first that writes keeps it: the entries of a batch."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A new case, opened in the same commit as the Task that asks for it."""

    case_id: str
    question: str
    task_id: str
    patient: str
    """``Patient/id`` in our store."""
    report: str
    """``DiagnosticReport/id`` in our store."""
    destination: str | None
    task_identifier: Mapping[str, str]
    """{system, value} by which the sender's own system knows the Task."""
    due_by: datetime | None
    """Task.restriction.period.end."""
    other_model: bool = False
    """An assessment: the question's other model reads."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Everything that one request changes."""

    arrival: Arrival
    writes: tuple[ResourceWrite, ...]
    absent: tuple[Absent, ...] = ()
    openings: tuple[Opening, ...] = ()
    stopping: tuple[str, ...] = ()
    """Ids of Tasks whose cases are asked to stop: they must be open when we commit."""
    subscribings: tuple[Subscribing, ...] = ()
    accesses: tuple[Access, ...] = ()
    """Who writes it."""
    upon: tuple[tuple[str, str], ...] = ()
    """Ids of a Task that says something on a result, and of the Task whose result it is: its case looks
    again, be it closed."""
    merged: tuple[tuple[str, str], ...] = ()
    """``Patient/id`` that lives on no longer, and the one that its cases are about from now on."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as the ledger keeps it."""

    id: str
    question: str
    task_id: str
    patient: str
    report: str
    destination: str | None
    task_identifier: Mapping[str, str]
    due_by: datetime | None
    opened_at: datetime
    position: Position
    due_at: datetime | None
    attempts: int
    news: int
    last_error: str | None = None
    policy: str | None = None
    """Digest of the policy under which it was opened; None: before any was kept."""
    other_model: bool = False
    """The question's other model reads."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A case that this worker alone may carry on until the lease ends."""

    case: CaseRow
    token: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A value laid down in the case file; (kind, number) is written once."""

    kind: str
    number: int
    value: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One event for the case's history."""

    event: Event
    actor: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    sealed: bool = False
    """True: not shown before the case is resolved."""
    policy: str | None = None
    card: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step changes, all of it or nothing."""

    entries: tuple[Entry, ...]
    position: Position
    due_at: datetime | None
    writes: tuple[ResourceWrite, ...] = ()
    facts: tuple[Fact, ...] = ()
    documents: tuple[Document, ...] = ()
    deliver_for: Any = None
    taken_back: tuple[Waiting, ...] = ()
    """Documents that are not delivered any more; somebody who takes one up meanwhile is faster."""
    accesses: tuple[Access, ...] = ()
    """What was done to whose data, such as a model's reading."""
    awaits: tuple[str, ...] = ()
    """``server.images.by_study`` and ``by_accession``: what comes under them is news from now on."""
    asks: tuple[Inquiry, ...] = ()
    """What archives are to be asked for the case."""
    rests_on: tuple[ResourceKey, ...] = ()
    """Of which another version would have led elsewhere: then nothing is committed."""


@dataclass(frozen=True, slots=True)
class History:
    """One event as it stands in the chain."""

    seq: int
    at: datetime
    event: str
    state: str
    actor: str
    detail: Mapping[str, Any]
    sealed: bool
    policy: str | None
    card: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class DeliveryClaim:
    """A delivery that this worker alone may attempt until the lease ends."""

    document: Document
    case_id: str
    """Empty for what is told to a subscriber."""
    attempt: int
    give_up_at: datetime
    token: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that has not arrived, and that nobody is taking there just now."""

    document: Document
    attempts: int
    """By which a commit knows that nobody has taken it up since."""
    untouched: bool
    """No attempt can have left anything of it there."""


class Reader(Protocol):
    """A model behind a card."""

    def read(self, inputs: Inputs, now: datetime) -> AiRead:
        """Answer or decline. Raises Fault when the model is broken or does not answer in time."""
        ...

    def close(self) -> None:
        """Let go of the model's process."""
        ...


class Undelivered(Fault):
    """A document was not proven received.

    UNAVAILABLE and BUSY pass by themselves: try again, not before ``retry_after`` when it is
    given. Every other category parks the document for a person. ``untouched``: it is certain
    that this attempt has left nothing of the document there.
    """

    def __init__(
        self,
        category: Category,
        code: str,
        text: str,
        *more: Issue,
        retry_after: timedelta | None = None,
        untouched: bool = False,
    ) -> None:
        super().__init__(category, Issue(code, text), *more)
        self.retry_after = retry_after
        self.untouched = untouched


class NotYet(Undelivered):
    """The destination took the document, and says later whether it keeps it: nothing has failed."""

    def __init__(self, text: str, until: datetime, *, sent: bool) -> None:
        """``until``: when to look again at the latest. ``sent``: it went out just now."""
        super().__init__(Category.UNAVAILABLE, "incomplete", text)
        self.until = until
        self.sent = sent


class Courier(Protocol):
    """Takes documents to one kind of destination."""

    def deliver(self, document: Document, attempt: int) -> Receipt:
        """Prove that the destination holds the document, or raise a Fault that says why not.

        Raises:
            Undelivered: it does not, as far as can be told; NotYet when it is to say so by itself.
        """
        ...


class WebLine(Protocol):
    """One delivery's line to one HTTP service, below its base; every wait and every byte is bounded."""

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, expected: Collection[int]
    ) -> tuple[int, bytes]:
        """Status and body of the answer.

        Raises:
            Undelivered: for a status that is not ``expected``, or when no whole answer came in time.
        """
        ...


class Commitments(Protocol):
    """What archives were asked to say, and what they have said (PS3.4 annex J)."""

    def ask(self, asked: Commitment, at: datetime) -> None:
        """Laid down before it is sent."""
        ...

    def taken(self, transaction: str, due_at: datetime) -> None:
        """The archive has taken the request; its answer is expected until ``due_at``."""
        ...

    def of(self, document: str) -> Sequence[Commitment]:
        """Everything that was asked about a document, oldest first."""
        ...

    def over(self, transaction: str) -> None:
        """The failure has been acted upon."""
        ...

    def heard(
        self, transaction: str, committed: Collection[str], failed: Mapping[str, int], at: datetime
    ) -> bool:
        """What an archive says of SOP Instance UIDs; failed ones with Failure Reason (0008,1197).

        The first answer stands, however often it is told. The delivery that waits for it is woken.
        False when nobody asked under this Transaction UID.
        """
        ...


class Shelf(Protocol):
    """Reading side of the resource store."""

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        """One version, or the current one; None when there is none, or when it has been deleted.

        A version that is asked for by its number may be a tombstone.
        """
        ...

    def newest(self, type_: str, id_: str) -> Stored | None:
        """The newest version, be it a tombstone."""
        ...

    def history(self, past: Past) -> Stretch:
        """Versions, tombstones among them, newest first.

        Raises:
            Fault: INCORRECT when ``after`` is not where a stretch ended.
        """
        ...

    def around(self, around: Around) -> Stretch:
        """Current versions of a resource and what belongs to it, oldest first; raises as ``history``."""
        ...

    def referrers(self, type_: str, id_: str) -> Mapping[str, int]:
        """How many other current resources refer to this one, by type."""
        ...

    def resting_on(self, type_: str, id_: str, patient: str | None) -> str | None:
        """Id of the Task of an open case that would lose its ground with this resource, if there is one.

        ``patient`` is whom the resource is about, ``Patient/id``.
        """
        ...

    def asking(self, report: str, question: str) -> str | None:
        """Id of the Task of an open case that asks this question about ``DiagnosticReport/id``."""
        ...

    def find(self, query: Query, limit: int) -> list[Stored]:
        """The first ``limit`` of what a query asks for."""
        ...

    def count(self, query: Query, at_most: int) -> int:
        """How many a query asks for; ``at_most`` when it is that many or more."""
        ...

    def page(self, query: Query, count: int, token: str | None = None) -> Page | None:
        """A stretch of a result that stands still; ``Page.next`` is the token of the one after it.

        None when the token is of another query, or no longer kept.
        """
        ...

    def fetch(self, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
        """These (type, id, version), in this order; without those that are gone."""
        ...

    def snapshot(self) -> AbstractContextManager[Shelf]:
        """The same shelf, standing still: everything read inside is of one moment."""
        ...


class Watched(Protocol):
    """The resource store, for whoever keeps what stands there in memory."""

    def moves(self, types: Sequence[str]) -> int:
        """A number that grows with every new version of these types, deletions among them."""
        ...

    def versions(self, types: Sequence[str]) -> Mapping[tuple[str, str], int]:
        """(type, id) -> version of everything current of these types, in the order it came."""
        ...

    def read(self, type_: str, id_: str) -> Stored | None:
        """The current version; None when there is none, or when it has been deleted."""
        ...

    def still(self) -> AbstractContextManager[Watched]:
        """The same, standing still: everything read inside is of one moment."""
        ...


SEALABLE = frozenset(
    {
        "Basic", "Binary", "Communication", "Condition", "DetectedIssue", "DiagnosticReport",
        "DocumentReference", "ImagingStudy", "MeasureReport", "Media", "Observation", "Provenance",
        "RiskAssessment",
    }
)  # fmt: skip
"""Types of which a resource can be an opinion on a case, or tell what one says."""


class Seals(Protocol):
    """Which opinions may not be shown yet."""

    def under_seal(self, named: Collection[str], answering: Collection[str] = ()) -> frozenset[str]:
        """Those of these ``Type/id`` that are opinions on a question which is open about their patient.

        Of ServiceRequests those whose answers are. ``answering``: Observations that once said more than
        a number; of them those that an opinion lists, whatever they say now.
        """
        ...


class Intakes(Protocol):
    """Writing side that a door may use."""

    def take(self, intake: Intake) -> None:
        """Make the whole intake durable. Raises Raced when its premises no longer hold."""
        ...


class Withdrawals(Protocol):
    """By which a person's word that an opinion must not be used is laid down."""

    def case_of_task(self, task_id: str) -> str | None:
        """The id of the case that a Task opened."""
        ...

    def find(self, case_id: str) -> CaseRow | None: ...

    def withdraw(self, case_id: str, said: Withdrawal) -> CaseRow | None:
        """Withdraw the released opinion of one case. Raises IllegalMove when none is released."""
        ...

    def keep(self, case_id: str, said: Kept) -> CaseRow | None:
        """Keep the first report against an answer that was told. Raises IllegalMove where there is none."""
        ...

    def kept(self, case_id: str) -> Kept | None:
        """Who has kept the first report of a case; None when nobody has."""
        ...

    def withdraw_model(self, card: str, said: Withdrawal) -> int:
        """Withdraw a model version and its released opinions; how many. Raises Raced when it was already."""
        ...


class Completing(Protocol):
    """By which somebody's word that a study is complete is laid down."""

    def call(self, task_id: str, by: str, reason: str, at: datetime) -> int:
        """How many objects it holds for: those of the one study that are here, and none that comes later.

        Raises:
            Fault: NOT_FOUND, no case was opened by this Task; CONFLICT, it does not wait for a study, or
                there is none here that could be meant.
        """
        ...


class Assertions(Protocol):
    """Which client assertions have been used (RFC 7523 section 3, jti)."""

    def use(self, client: str, jti: str, ends_at: datetime, now: datetime) -> bool:
        """True the first time, for whichever process asks; what ended before ``now`` is forgotten."""
        ...
