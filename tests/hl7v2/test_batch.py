"""Several messages in one frame."""

from __future__ import annotations

import pytest

from server.hl7v2 import batch
from server.hl7v2.acknowledge import Stamp, control_id
from tests.hl7v2.written import NOW, PID, result, written

ONE, TWO = written(PID), result()


@pytest.mark.parametrize("payload", [
    b"BHS|^~\\&|RIS\r" + ONE + TWO + b"BTS|2\r",
    b"FHS|^~\\&|RIS\rBHS|^~\\&|RIS\r" + ONE + TWO + b"BTS|2\rFTS|1\r",
    b"\xef\xbb\xbfBHS|^~\\&|RIS\r" + ONE + TWO,
    b"BHS|^~\\&|RIS\r" + ONE + b"BTS|1\rBHS|^~\\&|RIS\r" + TWO + b"BTS|1\r",
])  # fmt: skip
def test_a_batch_is_parted_into_its_messages(payload: bytes) -> None:
    assert batch.messages(payload) == (ONE, TWO)


def test_the_ends_of_the_lines_stay_as_they_came() -> None:
    found = batch.messages((b"BHS|^~\\&|RIS\r" + ONE + TWO + b"BTS|2\r").replace(b"\r", b"\n"))
    assert found == (ONE.replace(b"\r", b"\n"), TWO.replace(b"\r", b"\n"))


def test_an_empty_batch_has_none_and_a_message_is_no_batch() -> None:
    assert batch.messages(b"BHS|^~\\&|RIS\rBTS|0\r") == ()
    assert batch.messages(ONE) is None
    assert batch.messages(b"") is None


def test_the_answers_are_a_batch() -> None:
    found = batch.answer([b"MSH|1\rMSA|AA|1\r", b"MSH|2\rMSA|AE|2\r"], Stamp("b-1", NOW))
    assert found.decode().split("\r") == [
        rf"BHS|^~\&|||||20260105090000+0000||||{control_id('b-1')}",
        "MSH|1", "MSA|AA|1", "MSH|2", "MSA|AE|2", "BTS|2", "",
    ]  # fmt: skip
