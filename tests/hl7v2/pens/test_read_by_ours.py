"""What we write is what our own door takes, strictly and with nothing overlooked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from server.hl7v2 import reading
from server.hl7v2.pens.letter import Letter
from server.hl7v2.pens.opinion import write_opinion
from server.hl7v2.pens.referral import write_order, write_referral
from server.hl7v2.pens.withdrawal import write_withdrawal
from server.model import Withdrawal
from tests.hl7v2.foreign import fields
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


def test_a_number_with_an_exponent_is_written_out() -> None:
    """NM knows no exponent (section 2.A.47), and FHIR's JSON does: 1e3."""
    value = replace(ASKED.values[0], value=Decimal("1E+3"))
    written = write_referral(in_version("2.5.1"), replace(ASKED, values=(value,)))
    assert reading.message(written, link(strict=True)).notes == ()


def test_a_number_that_was_merged_away_is_not_told() -> None:
    """After A40 the survivor keeps the loser's number as ``old``; PID-3 has one of a type and authority."""
    letter = in_version("2.5.1")
    mine, known = letter.patient["identifier"]
    old = {**known, "value": "MRN999", "use": "old"}
    patient = {**letter.patient, "identifier": [mine, old, known]}
    [pid] = fields(opinion(replace(letter, patient=patient)), "PID")
    assert pid[3] == "MRN123^^^HOSP&1.2.3&ISO^MR"


def test_a_patient_without_a_number_is_still_told_under_one() -> None:
    """PID-3 is required in every version."""
    letter = in_version("2.5.1")
    patient = {**letter.patient, "identifier": []}
    found = reading.message(opinion(replace(letter, patient=patient)), link(strict=True))
    assert found.notes == ()
