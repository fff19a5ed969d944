"""Storage commitment (PS3.4 annex J): what we ask, and what an archive's report says; pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydicom import Dataset

from server.dicom.send.outgoing import Outgoing
from server.errors import Category, Fault, fault
from server.ports import Commitments

PUSH_MODEL = "1.2.840.10008.1.20.1"
PUSH_MODEL_INSTANCE = "1.2.840.10008.1.20.1.1"
"""Storage Commitment Push Model, and the one instance of it that everybody asks."""
_INVALID_ARGUMENT = 0x0115
"""Somebody else's transaction, or none."""
_UNSAID = 0x0110
"""Processing failure: what a failed reference without a reason counts as."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an archive says of a transaction, by SOP Instance UID."""

    transaction: str
    committed: frozenset[str]
    failed: Mapping[str, int]
    """With Failure Reason (0008,1197)."""


def mint() -> str:
    """A Transaction UID; random, for each question is a new one (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def question(transaction: str, sent: Outgoing) -> Dataset:
    """Action Information (PS3.4 table J.3-1)."""
    reference = Dataset()
    reference.ReferencedSOPClassUID = sent.sop_class
    reference.ReferencedSOPInstanceUID = sent.sop_instance
    asked = Dataset()
    asked.TransactionUID = transaction
    asked.ReferencedSOPSequence = [reference]
    return asked


def heard(report: Dataset) -> Verdict:
    """Event Information (PS3.4 table J.3-2). Which event type it came under adds nothing.

    Raises:
        Fault: INCORRECT when it names no transaction.
    """
    transaction = str(report.get("TransactionUID", ""))
    if not transaction:
        raise fault(Category.INCORRECT, "required", "a storage commitment report needs (0008,1195)")
    failed = {
        uid: int(each.get("FailureReason", None) or _UNSAID)
        for uid, each in _references(report, "FailedSOPSequence")
    }
    committed = {uid for uid, _ in _references(report, "ReferencedSOPSequence")}
    return Verdict(transaction, frozenset(committed - failed.keys()), failed)


def told(report: Dataset, commitments: Commitments, at: datetime) -> int:
    """Take an N-EVENT-REPORT's information, on whichever association it came; the status to answer with."""
    try:
        said = heard(report)
    except Fault:
        return _INVALID_ARGUMENT
    known = commitments.heard(said.transaction, said.committed, said.failed, at)
    return 0 if known else _INVALID_ARGUMENT


def _references(report: Dataset, name: str) -> Iterator[tuple[str, Dataset]]:
    for each in report.get(name, None) or ():
        if "ReferencedSOPInstanceUID" in each:
            yield str(each.ReferencedSOPInstanceUID), each
