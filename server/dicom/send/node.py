"""One delivery to an archive by DIMSE: look on a repeat, store, and ask whether it is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydicom import Dataset

from server.dicom.send.commitment import PUSH_MODEL, mint, question, told
from server.dicom.send.line import Context, NodeLine
from server.dicom.send.outgoing import Outgoing
from server.dicom.send.statuses import NO_SUCH_OBJECT, SUCCESS, Stored, refused, stored
from server.errors import Category
from server.model import Commitment, DicomNode, PacsDestination, Promise, Receipt
from server.ports import Commitments, NotYet, Undelivered

_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
"""Study Root Query/Retrieve Information Model - FIND."""
_PLAIN: Final = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
"""Explicit and implicit VR little endian."""
_THINKS = "the archive has the object, and is to say whether it keeps it"


_LOOK = 0.05
"""Seconds between two looks whether the archive has reported elsewhere."""


@dataclass(frozen=True, slots=True)
class NodeDelivery:
    """Of one object to one archive."""

    archive: PacsDestination
    node: DicomNode
    sent: Outgoing
    commitments: Commitments
    now: Callable[[], datetime]
    linger: float
    """Seconds for which a report may come on the association by which it was asked for."""

    def deliver(self, attempt: int) -> Receipt:
        past = self.commitments.of(self.sent.document) if self.node.commitment_within else ()
        receipt = self._said(past, sent=False)
        if receipt is not None:
            return receipt
        missing = bool(past) and past[-1].reason == NO_SUCH_OBJECT
        with NodeLine(self.archive, self.node, self._contexts(), self._hear) as line:
            there = attempt > 1 and not missing and self._look(line) is True
            held = self._receipt(SUCCESS, "found") if there else self._store(line)
            if self.node.commitment_within is None:
                return held
            self._ask(line)
        receipt = self._said(self.commitments.of(self.sent.document), sent=not there)
        if receipt is None:  # the time that we gave the archive is over already
            raise Undelivered(Category.UNAVAILABLE, "timeout", _THINKS)
        return receipt

    def _contexts(self) -> Sequence[Context]:
        ways: list[Context] = [(self.sent.sop_class, (self.sent.transfer_syntax,)), (_FIND, _PLAIN)]
        return [*ways, (PUSH_MODEL, _PLAIN)] if self.node.commitment_within else ways

    def _store(self, line: NodeLine) -> Receipt:
        if not line.takes(self.sent.sop_class, self.sent.transfer_syntax):
            text = "the archive does not take this SOP class in this transfer syntax; enable it there"
            raise Undelivered(Category.UNPROCESSABLE, "not-supported", text, untouched=True)
        status = line.store(self.sent)
        if stored(status) is Stored.NEW:
            return self._receipt(status, "accepted")
        if self.node.commitment_within is None and self._look(line) is not True:
            text = "the archive says 0111: it knows the UID already, and does not show under it what was sent"
            raise Undelivered(Category.CONFLICT, "duplicate", text)
        return self._receipt(SUCCESS, "found")

    def _look(self, line: NodeLine) -> bool | None:
        """By C-FIND at IMAGE level (PS3.4 C.6.2); None when the archive does not answer that."""
        if not line.takes(_FIND):
            return None
        asked = Dataset()
        asked.QueryRetrieveLevel = "IMAGE"
        asked.StudyInstanceUID = self.sent.study
        asked.SeriesInstanceUID = self.sent.series
        asked.SOPInstanceUID = self.sent.sop_instance
        asked.SOPClassUID = ""
        found = line.find(asked, _FIND)
        if found is None:
            return None
        return any(str(each.get("SOPInstanceUID", "")) == self.sent.sop_instance for each in found)

    def _ask(self, line: NodeLine) -> None:
        """A request whose answer is lost is soon asked anew, under a new transaction."""
        within = self.node.commitment_within
        if within is None or not line.takes(PUSH_MODEL):
            text = "the archive offers no storage commitment; enable it there, or set commitment to none"
            raise Undelivered(Category.UNPROCESSABLE, "not-supported", text)
        transaction, at = mint(), self.now()
        soon = at + min(within, self.archive.timeout)
        asked = Commitment(transaction, self.sent.document, self.sent.sop_instance, Promise.ASKED, soon)
        self.commitments.ask(asked, at)
        status = line.ask_commitment(question(transaction, self.sent))
        if status != SUCCESS:
            self.commitments.heard(transaction, (), {self.sent.sop_instance: status}, self.now())
            return
        self.commitments.taken(transaction, self.now() + within)
        looks = int(self.linger / _LOOK)
        while looks and not line.wait_for_report(_LOOK) and self._thinks():
            looks -= 1

    def _thinks(self) -> bool:
        """Whether nothing has been heard; most archives report to our door, on an association of theirs."""
        return self.commitments.of(self.sent.document)[-1].state is Promise.ASKED

    def _said(self, past: Sequence[Commitment], *, sent: bool) -> Receipt | None:
        """None when nothing is expected of the archive any more, or nothing was asked."""
        if any(each.state is Promise.COMMITTED for each in past):
            return self._receipt(SUCCESS, "committed")
        for each in past:
            if each.state is Promise.FAILED:
                self.commitments.over(each.transaction)
        last = past[-1] if past else None
        if last is not None and last.state is Promise.FAILED:
            raise refused(last.reason or 0)
        if last is not None and last.state is Promise.ASKED and self.now() < last.due_at:
            raise NotYet(_THINKS, last.due_at, sent=sent)
        return None

    def _receipt(self, status: int, how: str) -> Receipt:
        return Receipt(status, (self.sent.sop_instance,), how)

    def _hear(self, report: Dataset) -> int:
        return told(report, self.commitments, self.now())
