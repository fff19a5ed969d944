"""What is read of an answer, whatever it is."""

from __future__ import annotations

import pytest

from server.hl7v2.send.acknowledgement import MOST_WORDS, Acknowledgement, acknowledgement

HEAD = b"MSH|^~\\&|EHR||US||20260105||ACK^R01^ACK|7|P|2.5.1\r"


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (b"MSA|AA|SR1\r", Acknowledgement("AA", "SR1")),
        (b"MSA|CA|SR1", Acknowledgement("CA", "SR1")),
        (b"MSA|AE|SR1|no such order\r", Acknowledgement("AE", "SR1", words="no such order")),
        (
            b"MSA|AE|SR1\rERR||OBR^1^4|101^missing^HL70357|E|||detail|say \\T\\ see\r",
            Acknowledgement("AE", "SR1", frozenset({"101"}), "say & see; detail"),
        ),
        (
            b"MSA|AR|SR1\rERR|MSH^1^9^200&Unsupported message type\r",
            Acknowledgement("AR", "SR1", frozenset({"200"})),
        ),
        (b"MSA|AE|SR1||||207^Application error\r", Acknowledgement("AE", "SR1", frozenset({"207"}))),
        (
            b"MSA|AE|SR1\rERR|||101|E\rERR|||102|E||||two\r",
            Acknowledgement("AE", "SR1", frozenset({"101", "102"}), "two"),
        ),
        (b"\nMSA|AA|SR1\n", Acknowledgement("AA", "SR1")),
    ],
    ids=["AA", "CA", "words", "ERR-3", "before 2.5", "MSA-6", "two errors", "line feeds"],
)
def test_answers(rest: bytes, said: Acknowledgement) -> None:
    assert acknowledgement(HEAD + rest) == said


@pytest.mark.parametrize(
    "payload",
    [b"", b"MSH", b"OK", HEAD, HEAD + b"MSA|OK|SR1\r", b"MSA|AA|SR1\r", HEAD + b"PID|1\r", b"\x00\xff"],
)
def test_what_is_no_answer(payload: bytes) -> None:
    assert acknowledgement(payload) is None


def test_its_own_separators_hold() -> None:
    payload = b"MSH#*~\\&#EHR##US\rMSA#AE#SR1\rERR###101*missing#E\r"
    assert acknowledgement(payload) == Acknowledgement("AE", "SR1", frozenset({"101"}))


def test_codes_are_bounded_too() -> None:
    said = acknowledgement(HEAD + b"MSA|AR|SR1\r" + b"ERR|||\x1b[31m Jane Doe|E\r" + b"ERR|||101|E\r" * 3)
    assert said == Acknowledgement("AR", "SR1", frozenset({"unreadable", "101"}))
    many = b"".join(b"ERR|||%d|E\r" % number for number in range(1000))
    said = acknowledgement(HEAD + b"MSA|AR|SR1\r" + many)
    assert said is not None
    assert len(said.errors) < 10


def test_words_are_bounded_and_on_one_line() -> None:
    said = acknowledgement(HEAD + b"MSA|AE|SR1|" + b"\x1b[31m\x07 r\xe9d \t" + b"x" * 1000 + b"\r")
    assert said is not None
    assert len(said.words) == MOST_WORDS
    assert said.words.startswith("[31m réd xxx")
    assert said.words.isprintable()
