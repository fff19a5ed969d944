"""What an archive's report says, and what is answered to it."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom import Dataset

from server.dicom.send.commitment import PUSH_MODEL, Verdict, heard, mint, question, told
from server.dicom.send.outgoing import outgoing
from server.errors import Category, Fault
from tests.dicom.send.conftest import Sender
from tests.dicom.send.objects import COMPREHENSIVE_3D_SR, document, uid


def reference(number: int, **more: Any) -> Dataset:
    made = Dataset()
    made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = COMPREHENSIVE_3D_SR, uid(number)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def report(committed: list[Dataset] | None = None, failed: list[Dataset] | None = None) -> Dataset:
    made = Dataset()
    made.TransactionUID = "2.25.1"
    if committed is not None:
        made.ReferencedSOPSequence = committed
    if failed is not None:
        made.FailedSOPSequence = failed
    return made


@pytest.mark.parametrize(
    ("said", "committed", "failed"),
    [
        (report([reference(1)]), {uid(1)}, {}),
        (report(None, [reference(1, FailureReason=0x0112)]), set(), {uid(1): 0x0112}),
        (report([reference(1)], [reference(2, FailureReason=0x0213)]), {uid(1)}, {uid(2): 0x0213}),
        (report([reference(1)], [reference(1, FailureReason=0x0110)]), set(), {uid(1): 0x0110}),
        (report(None, [reference(1)]), set(), {uid(1): 0x0110}),
        (report([Dataset()], []), set(), {}),
        (report(), set(), {}),
    ],
)
def test_what_is_heard(said: Dataset, committed: set[str], failed: dict[str, int]) -> None:
    assert heard(said) == Verdict("2.25.1", frozenset(committed), failed)


def test_a_report_without_a_transaction_is_refused() -> None:
    with pytest.raises(Fault, match="0008,1195") as no:
        heard(Dataset())
    assert no.value.category is Category.INCORRECT


def test_what_is_asked() -> None:
    asked = question("2.25.1", outgoing(document()))
    [each] = asked.ReferencedSOPSequence
    assert asked.TransactionUID == "2.25.1"
    assert (each.ReferencedSOPClassUID, each.ReferencedSOPInstanceUID) == (COMPREHENSIVE_3D_SR, uid(1))
    assert PUSH_MODEL == "1.2.840.10008.1.20.1"


def test_each_question_is_a_new_transaction() -> None:
    minted = {mint() for _ in range(100)}
    assert len(minted) == 100
    assert all(each.startswith("2.25.") and len(each) <= 64 for each in minted)


def test_somebody_elses_transaction_is_not_taken(sender: Sender) -> None:
    assert told(report([reference(1)]), sender.commitments, sender.now()) == 0x0115
    assert told(Dataset(), sender.commitments, sender.now()) == 0x0115
