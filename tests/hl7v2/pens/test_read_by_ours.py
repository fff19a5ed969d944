"""What we write is what our own door takes, strictly and with nothing overlooked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from server.hl7v2 import reading
from server.hl7v2.pens.letter import Letter
from server.hl7v2.pens.opinion import write_opinion
from server.hl7v2.pens.referral import write_order, write_referral
from server.hl7v2.pens.withdrawal import write_withdrawal
from server.model import Withdrawal
from tests.hl7v2.pens.nouns import ASKED, AT, OPINION, SIGNED, VERSIONS, in_version
from tests.hl7v2.written import link

SIGNED_OPINION = replace(OPINION, signed=SIGNED)


def opinion(letter: Letter) -> bytes:
    return write_opinion(letter, SIGNED_OPINION)


def withdrawal(letter: Letter) -> bytes:
    return write_withdrawal(letter, opinion(letter), Withdrawal("Dr. Tarn", "wrong | unit", AT))


def referral(letter: Letter) -> bytes:
    return write_referral(letter, ASKED)


def order(letter: Letter) -> bytes:
    return write_order(letter, ASKED)


EVERY = [(pen, each) for pen in (opinion, withdrawal, referral) for each in VERSIONS]
EVERY += [(order, each) for each in VERSIONS[2:]]


@pytest.mark.parametrize(("pen", "version"), EVERY)
def test_every_message_of_every_version(pen: Callable[[Letter], bytes], version: str) -> None:
    found = reading.message(pen(in_version(version)), link(strict=True))
    assert (found.notes, found.extra) == ((), ())
    assert [each.name for each in found.content.walk()].count("OBR") == (2 if pen is opinion else 1)


def test_values_come_back_as_they_were() -> None:
    name = {"family": "O|^~\\&Čapek", "given": ["漢"]}
    letter = replace(in_version("2.5.1"), patient={**in_version("2.5.1").patient, "name": [name]})
    pid = reading.message(opinion(letter), link(strict=True)).content.anywhere("PID")
    assert pid is not None
    assert (pid.text(5, 1), pid.text(5, 2)) == ("O|^~\\&Čapek", "漢")
