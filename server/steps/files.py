"""What steps ask of the store beside resources: case files, deliveries, counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from server.completeness import Inquiry
from server.model import Document, GateKey, Passed, Track, Withdrawal
from server.ports import Waiting

T = TypeVar("T")


class Files(Protocol):
    """What has been laid down in case files."""

    def facts(self, case_id: str, kind: str, type_: type[T]) -> list[T]:
        """All facts of one kind, in order."""
        ...

    def undelivered(self, case_id: str) -> int:
        """How many documents of a case have not yet arrived."""
        ...

    def documents(self, case_id: str, kind: str) -> list[Document]:
        """Everything of one kind that a case has sent or will send, in order."""
        ...

    def waiting(self, case_id: str) -> list[Waiting]:
        """What of a case has not arrived and is not under way, in order."""
        ...

    def inquiries(self, case_id: str) -> tuple[Inquiry, ...]:
        """What archives were asked for a case, and what they have answered."""
        ...

    def tracks(self, question: str, at: datetime) -> Mapping[str, Track]:
        """By role, what is known here of specialists; of reads those of one question."""
        ...

    def passed(self, key: GateKey, since: datetime) -> Passed:
        """What a gatekeeper has done since then with cases that are judged alike."""
        ...

    def asked_again(self, case_id: str) -> bool:
        """Whether another case on this one's question about its patient is open: this one is under seal."""
        ...

    def withdrawn(self, card: str) -> Withdrawal | None:
        """Whether this model version (``name@version``) has been withdrawn, by whom and why."""
        ...
